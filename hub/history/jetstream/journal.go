package jetstream

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// Defaults of Options.
const (
	DefaultStream     = "partyline"
	DefaultPartitions = 4
	DefaultPatience   = 15 * time.Second
)

// Options configure a Journal. Servers that share messages have the same Stream, Partitions and MaxText. The zero value
// of a field means its default.
type Options struct {
	URLs        []string // of NATS servers
	Credentials string   // file with the credentials of a user, or ""
	CA          string   // file with certificates of authorities that sign those of the servers; "" for the system's
	Domain      string   // JetStream domain, or ""
	Stream      string   // begins the names of the streams, and of their subjects
	Partitions  int      // streams among which the rooms are divided; it can't change later
	Replicas    int      // of each stream
	Retention   history.Retention
	MaxText     int           // bytes of a text; a longer one is not valid; 0 for no limit
	Patience    time.Duration // how long a message may wait for NATS
	Log         *slog.Logger  // nil for none

	// Index keeps copies of the messages for searches; nil for none. The caller closes it after the Journal.
	Index Index

	// Stored is called when messages of this server have come back, with their number and how long the first of them
	// took. It must not wait. It may be nil.
	Stored func(messages int, took time.Duration)

	dialer nats.CustomDialer // nil for the default
}

// setDefaults sets the fields that have a default and are not pointers or functions.
func (o *Options) setDefaults() {
	o.Stream = cmp.Or(o.Stream, DefaultStream)
	o.Partitions = cmp.Or(o.Partitions, DefaultPartitions)
	o.Replicas = cmp.Or(o.Replicas, 1)
	o.Patience = cmp.Or(o.Patience, DefaultPatience)
}

// A Journal is a history.Journal that servers share through NATS JetStream.
type Journal struct {
	opt        Options
	log        *slog.Logger
	nc         *nats.Conn
	js         jetstream.JetStream
	inbox      string // begins the subjects of acks
	id         string // begins origins; unique
	partitions []*partition

	unready     atomic.Int64 // partitions that have not started
	foreign     atomic.Int64 // messages that were not valid
	restarts    atomic.Int64 // consumers that were created again
	reconnected atomic.Pointer[chan struct{}]

	report report

	stop    context.CancelFunc
	running sync.WaitGroup
}

var (
	_ history.Journal  = (*Journal)(nil)
	_ history.Searcher = (*Journal)(nil)
	_ history.Shared   = (*Journal)(nil)
)

// Open returns a Journal and connects in the background: see Ready. The error is about the options. The caller must call
// Close.
func Open(o Options) (*Journal, error) {
	j, err := dial(o)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	j.stop = stop
	j.unready.Store(int64(len(j.partitions)))
	acks, err := j.nc.Subscribe(j.inbox+"*.*", j.acked)
	if err != nil {
		stop()
		j.nc.Close()
		return nil, err
	}
	acks.SetPendingLimits(-1, -1) // each is for a message that waits, and those are bounded
	for _, p := range j.partitions {
		j.running.Go(func() { p.follow(ctx) })
		j.running.Go(func() { p.watch(ctx) })
	}
	if o.Index != nil {
		j.running.Go(func() { j.index(ctx) })
	}
	return j, nil
}

// dial returns a Journal that only connects. The caller closes the connection.
func dial(o Options) (*Journal, error) {
	o.setDefaults()
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Stored == nil {
		o.Stored = func(int, time.Duration) {}
	}
	j := &Journal{opt: o, log: o.Log, id: nuid.Next()}
	if err := j.connect(); err != nil {
		return nil, err
	}
	for i := range o.Partitions {
		j.partitions = append(j.partitions, newPartition(j, i))
	}
	return j, nil
}

const (
	// pingInterval and two pings without an answer bound the time until a connection counts as broken.
	pingInterval  = 4 * time.Second
	connectWait   = 3 * time.Second
	reconnectWait = 250 * time.Millisecond
)

// connect starts to connect, again and again until Close.
func (j *Journal) connect() error {
	options, err := j.opt.connection()
	if err != nil {
		return err
	}
	options = append(options,
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait),
		nats.ReconnectBufSize(-1), // what is published meanwhile fails, and is published again
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2), nats.Timeout(connectWait),
		nats.ConnectHandler(j.connected), nats.ReconnectHandler(j.connected),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				j.log.Warn("NATS connection lost", "err", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { j.log.Debug("NATS", "err", err) }),
	)
	if j.opt.dialer != nil {
		options = append(options, nats.SetCustomDialer(j.opt.dialer))
	}
	first := make(chan struct{})
	j.reconnected.Store(&first)
	if j.nc, err = nats.Connect(strings.Join(j.opt.URLs, ","), options...); err != nil {
		return err
	}
	j.inbox = j.nc.NewRespInbox() + "."
	j.js, err = j.opt.jetStream(j.nc)
	return err
}

// connection returns the options of a connection: its user, and the authorities that it trusts.
func (o *Options) connection() ([]nats.Option, error) {
	options := []nats.Option{nats.Name("partyline")}
	if o.Credentials != "" {
		if _, err := os.Stat(o.Credentials); err != nil {
			return nil, err
		}
		options = append(options, nats.UserCredentials(o.Credentials))
	}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in PEM", o.CA)
		}
		options = append(options, nats.Secure(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	}
	return options, nil
}

// jetStream returns JetStream over a connection.
func (o *Options) jetStream(nc *nats.Conn, options ...jetstream.JetStreamOpt) (jetstream.JetStream, error) {
	if o.Domain != "" {
		return jetstream.NewWithDomain(nc, o.Domain, options...)
	}
	return jetstream.New(nc, options...)
}

// connected wakes what waits for a connection.
func (j *Journal) connected(nc *nats.Conn) {
	j.log.Info("NATS connected", "server", nc.ConnectedUrlRedacted(), "cluster", nc.ConnectedClusterName())
	next := make(chan struct{})
	close(*j.reconnected.Swap(&next))
}

// Conn returns the connection to NATS, and JetStream over it, for others that use it too. Close closes it.
func (j *Journal) Conn() (*nats.Conn, jetstream.JetStream) { return j.nc, j.js }

// partition returns the partition of a room.
func (j *Journal) partition(room string) *partition {
	return j.partitions[PartitionOf(room, len(j.partitions))]
}

// Append implements history.Journal. The consumer of the partition calls commit, unless the message is refused.
func (j *Journal) Append(m *wire.Message, key string, commit func(history.Result)) {
	j.partition(m.Room).append(m, key, commit)
}

// Open implements history.Journal. It returns the newest sequence of the stream if nobody on this server was in the room.
func (j *Journal) Open(room string, hear history.Hear) int64 {
	return j.partition(room).open(room, hear)
}

// Release implements history.Journal.
func (j *Journal) Release(room string) { j.partition(room).release(room) }

// Ready reports whether the Journal has had the newest messages of all rooms once. Until then all messages are refused.
func (j *Journal) Ready() bool { return j.unready.Load() == 0 }

// Failure returns why messages can't be stored now, or nil if they can. Any goroutine may call it.
func (j *Journal) Failure() *history.Failure {
	for _, p := range j.partitions {
		if f := p.failure.Load(); f != nil {
			return f
		}
	}
	return nil
}

var errClosed = errors.New("the history is closed")

// Close waits until the messages that were appended are committed, or until ctx is done: then they are refused, and it
// returns an error. After it, Append refuses all.
func (j *Journal) Close(ctx context.Context) error {
	var err error
	for _, p := range j.partitions {
		if !p.drain(ctx) {
			err = ctx.Err()
		}
	}
	j.stop()
	j.running.Wait()
	for _, p := range j.partitions {
		p.refuseAll(errClosed)
	}
	j.nc.Close()
	return err
}
