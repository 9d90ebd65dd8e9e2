package jetstream

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// An Inspection is what Inspect has seen of NATS.
type Inspection struct {
	Options Options  // those of Inspect, with its defaults
	Servers []Server // those of the URLs, then those of which NATS tells. If none was reached, the rest is missing
	Cluster string   // its name; "" if there is none

	Account    *jetstream.AccountInfo // nil if JetStream does not answer
	AccountErr error                  // why it does not

	Streams []Stream // those of the partitions
	Bucket  Stream   // that of the names
	Denied  []string // what the user may not do, such as: Publish to "partyline.members"
}

// Reached reports whether a NATS server was reached.
func (i *Inspection) Reached() bool {
	return slices.ContainsFunc(i.Servers, func(s Server) bool { return s.Err == nil })
}

// A Server is what Inspect has seen at an address of NATS.
type Server struct {
	URL        string // without a password
	Err        error  // it was not reached
	Name       string
	Version    string
	MaxPayload int64 // bytes of a message with its headers
}

// A Stream is one that servers use, whether or not it is there.
type Stream struct {
	Name      string
	Info      *jetstream.StreamInfo // nil if the stream is missing, or if Err is set
	Err       error                 // NATS does not tell about it
	CreateErr error                 // it is missing, and can't be created
	StoreErr  error                 // it did not store a message
}

// PartitionsOf returns the number of streams among which the rooms are divided, of which info is about one. ok is false if
// partyline did not create the stream.
func PartitionsOf(info *jetstream.StreamInfo) (partitions int, ok bool) {
	_, err := floorOf(info)
	partitions, err2 := strconv.Atoi(info.Config.Metadata[partitionsKey])
	return partitions, err == nil && err2 == nil
}

// Inspect examines NATS as a server with the same options would use it. bucket is that of the names, and an empty message
// on one of subjects must be without meaning. Each answer may take timeout.
//
// It stores a probe in each stream, which members do not see, and an entry in the bucket, which expires. It creates a
// missing stream and deletes it again. The error is about the options, or that of ctx.
func Inspect(ctx context.Context, o Options, bucket string, subjects []string, timeout time.Duration) (*Inspection, error) {
	o.setDefaults()
	if _, err := o.connection(); err != nil {
		return nil, err
	}
	i := &inspector{timeout: timeout, seen: &Inspection{Options: o}}
	nc := i.connectAll(ctx)
	if nc == nil {
		return i.seen, ctx.Err()
	}
	defer nc.Close()
	if err := i.inspect(ctx, nc, bucket, subjects); err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seen.Denied = i.denied
	return i.seen, ctx.Err()
}

// An inspector is a call of Inspect.
type inspector struct {
	timeout time.Duration
	seen    *Inspection

	mu     sync.Mutex
	cancel context.CancelFunc // of what is being done
	denied []string           // see Inspection.Denied
}

// inspect examines NATS over a connection.
func (i *inspector) inspect(ctx context.Context, nc *nats.Conn, bucket string, subjects []string) error {
	o := i.seen.Options
	js, err := o.jetStream(nc)
	if err != nil {
		return err
	}
	i.seen.Cluster = nc.ConnectedClusterName()
	i.do(ctx, func(ctx context.Context) { i.seen.Account, i.seen.AccountErr = js.AccountInfo(ctx) })
	for _, subject := range subjects {
		i.do(ctx, func(ctx context.Context) { echo(ctx, nc, subject) })
	}
	if i.seen.AccountErr != nil {
		return nil
	}
	j := &Journal{opt: o}
	for n := range o.Partitions {
		i.seen.Streams = append(i.seen.Streams, i.stream(ctx, js, newPartition(j, n)))
	}
	i.seen.Bucket = i.bucket(ctx, js, bucket)
	i.settle(ctx, js)
	return nil
}

// settleLooks is how often streams are looked at again that are not settled, lookInterval apart.
const settleLooks = 3

// settle looks again at streams that are not settled, since that may be over in a moment.
func (i *inspector) settle(ctx context.Context, js jetstream.JetStream) {
	for range settleLooks {
		var unsettled []*Stream
		for n := range i.seen.Streams {
			unsettled = append(unsettled, &i.seen.Streams[n])
		}
		unsettled = slices.DeleteFunc(append(unsettled, &i.seen.Bucket), func(s *Stream) bool { return s.Info == nil || isSettled(s.Info.Cluster) })
		if len(unsettled) == 0 || !pause(ctx, lookInterval) {
			return
		}
		for _, s := range unsettled {
			i.do(ctx, func(ctx context.Context) {
				if again, err := js.Stream(ctx, s.Name); err == nil {
					s.Info = again.CachedInfo()
				}
			})
		}
	}
}

// isSettled reports whether a stream has a leader and its replicas are current. c is nil if there is no cluster.
func isSettled(c *jetstream.ClusterInfo) bool {
	return c == nil || c.Leader != "" && !slices.ContainsFunc(c.Replicas, func(p *jetstream.PeerInfo) bool { return p.Offline || !p.Current })
}

// do calls f with a context that is done after the timeout, or when the user may not do what f tries.
func (i *inspector) do(ctx context.Context, f func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, i.timeout)
	defer cancel()
	i.mu.Lock()
	i.cancel = cancel
	i.mu.Unlock()
	f(ctx)
}

// deny notes what the user may not do. The library calls it with all errors.
func (i *inspector) deny(_ *nats.Conn, _ *nats.Subscription, err error) {
	_, what, ok := strings.Cut(err.Error(), "Permissions Violation for ")
	if !ok {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if !slices.Contains(i.denied, what) {
		i.denied = append(i.denied, what)
	}
	if i.cancel != nil {
		i.cancel()
	}
}

// connectAll connects to all servers, and returns one of the connections; nil if there is none.
func (i *inspector) connectAll(ctx context.Context) *nats.Conn {
	first, ids := i.connectTo(i.seen.Options.URLs, "", nil)
	if first == nil || ctx.Err() != nil {
		return first
	}
	// NATS tells addresses: those of servers that were reached already are left out by their ids.
	used, err := url.Parse(first.ConnectedUrl())
	if err != nil {
		return first
	}
	var others []string
	for _, text := range first.DiscoveredServers() {
		if u, err := url.Parse(text); err == nil {
			u.Scheme, u.User = used.Scheme, used.User
			others = append(others, u.String())
		}
	}
	if c, _ := i.connectTo(others, used.Hostname(), ids); c != nil {
		c.Close()
	}
	return first
}

// connectTo connects to servers, except those with ids, notes them, and returns one of the connections and all ids. If
// there is TLS and a name, the servers have a certificate for that.
func (i *inspector) connectTo(urls []string, name string, ids []string) (one *nats.Conn, all []string) {
	conns, errs := make([]*nats.Conn, len(urls)), make([]error, len(urls))
	var connecting sync.WaitGroup
	for n, address := range urls {
		connecting.Go(func() { conns[n], errs[n] = i.connect(address, name) })
	}
	connecting.Wait()
	for n, nc := range conns {
		s := Server{URL: redacted(urls[n]), Err: errs[n]}
		if nc != nil {
			id := nc.ConnectedServerId()
			if slices.Contains(ids, id) {
				nc.Close()
				continue
			}
			ids = append(ids, id)
			s.Name, s.Version, s.MaxPayload = nc.ConnectedServerName(), nc.ConnectedServerVersion(), nc.MaxPayload()
			if one == nil {
				one = nc
			} else {
				nc.Close()
			}
		}
		i.seen.Servers = append(i.seen.Servers, s)
	}
	return one, ids
}

func (i *inspector) connect(address, name string) (*nats.Conn, error) {
	options, err := i.seen.Options.connection()
	if err != nil {
		return nil, err
	}
	options = append(options, nats.Timeout(i.timeout), nats.NoReconnect(), nats.ErrorHandler(i.deny), func(o *nats.Options) error {
		if o.TLSConfig == nil {
			o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		o.TLSConfig.ServerName = name
		return nil
	})
	return nats.Connect(address, options...)
}

// redacted returns a URL without its password.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Redacted()
}

// echo publishes an empty message, and waits until it comes back.
func echo(ctx context.Context, nc *nats.Conn, subject string) {
	if sub, err := nc.SubscribeSync(subject); err == nil {
		defer sub.Unsubscribe()
		if nc.Publish(subject, nil) == nil {
			sub.NextMsgWithContext(ctx)
		}
	}
}

// stream examines the stream of a partition, with all that a server does with it.
func (i *inspector) stream(ctx context.Context, js jetstream.JetStream, p *partition) Stream {
	seen := Stream{Name: p.stream}
	var s jetstream.Stream
	i.do(ctx, func(ctx context.Context) { s, seen.Err = js.Stream(ctx, p.stream) })
	switch {
	case errors.Is(seen.Err, jetstream.ErrStreamNotFound):
		seen.Err = nil
		i.do(ctx, func(ctx context.Context) { seen.CreateErr = try(ctx, js, p.config()) })
		return seen
	case seen.Err != nil:
		return seen
	}
	seen.Info = s.CachedInfo()
	if n, ok := PartitionsOf(seen.Info); !ok || n != p.journal.opt.Partitions {
		return seen // nothing is stored in it
	}
	i.do(ctx, func(ctx context.Context) { _, seen.StoreErr = js.Publish(ctx, p.probeSubject(), nil) })
	i.do(ctx, func(ctx context.Context) { s.GetMsg(ctx, seen.Info.State.LastSeq) })
	i.do(ctx, func(ctx context.Context) {
		c, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{
			Name: nuid.Next(), DeliverPolicy: jetstream.DeliverLastPolicy, AckPolicy: jetstream.AckNonePolicy,
			MemoryStorage: true, Replicas: 1, InactiveThreshold: i.timeout,
		})
		if err != nil {
			return
		}
		if batch, err := c.FetchNoWait(1); err == nil {
			for range batch.Messages() {
			}
		}
		s.DeleteConsumer(ctx, c.CachedInfo().Name)
	})
	return seen
}

// try creates a stream and deletes it again. It has another name, since a server may create it at any moment.
func try(ctx context.Context, js jetstream.JetStream, c jetstream.StreamConfig) error {
	c.Name += "-trial-" + nuid.Next()
	_, err := js.CreateStream(ctx, c)
	if err != nil {
		return err
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectWait)
	defer cancel()
	return js.DeleteStream(ending, c.Name)
}

// bucket examines the bucket of the names.
func (i *inspector) bucket(ctx context.Context, js jetstream.JetStream, name string) Stream {
	seen := Stream{Name: "KV_" + name}
	i.do(ctx, func(ctx context.Context) {
		var s jetstream.Stream
		if s, seen.Err = js.Stream(ctx, seen.Name); seen.Err == nil {
			seen.Info = s.CachedInfo()
		} else if errors.Is(seen.Err, jetstream.ErrStreamNotFound) {
			seen.Err = nil
		}
	})
	if seen.Info == nil {
		return seen
	}
	i.do(ctx, func(ctx context.Context) {
		kv, err := js.KeyValue(ctx, name)
		if err == nil {
			_, err = kv.Put(ctx, "doctor", nil)
		}
		seen.StoreErr = err
	})
	return seen
}
