package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"partyline/cmd/partyline/internal/metrics"
	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/directory"
	"partyline/hub/directory/natsdir"
	"partyline/tcpgw"
	"partyline/wsgw"
)

const (
	// httpDrainTimeout bounds the wait for HTTP requests at shutdown.
	httpDrainTimeout = time.Second
	// requestsInterval is the time between two looks at whether there is an HTTP connection.
	requestsInterval = 5 * time.Millisecond
	// maxListeners is the largest number of listeners: TCP, two for HTTP, that of redirects, and the operator's.
	maxListeners = 5
	// closeTimeout bounds the wait for the journal to close. Committed messages are safe in any
	// case.
	closeTimeout = time.Second
	// endTimeout is how long the end of the program may take after the drain.
	endTimeout = 10 * time.Second
)

// Serve accepts connections until ctx is done. It then closes the listeners, says goodbye to all
// members, and delivers pending messages for at most c.Drain. It waits for all goroutines that it
// has started.
func Serve(ctx context.Context, c Config, l Listeners, log *slog.Logger) error {
	s, err := newServer(c, l, log)
	if err != nil {
		l.close()
		return err
	}
	l = s.listeners
	var running sync.WaitGroup
	served := make(chan error, maxListeners)
	if l.TCP != nil {
		running.Go(func() { served <- s.tcp.Serve(l.TCP) })
	}
	for _, h := range s.http {
		running.Go(func() { served <- h.Serve() })
	}
	if l.Admin != nil {
		running.Go(func() { served <- s.admin.Serve(l.Admin) })
	}
	if c.Terminal != nil {
		io.WriteString(c.Terminal, newGreeting(c, l, c.certificateNames(s.certs), networkAddresses()))
	} else {
		logListeners(log, l, s.certs != nil)
	}
	warnOfAdmin(log, l)
	c.Notifier.Ready()
	serving, stop := context.WithCancel(ctx)
	running.Go(func() { c.Notifier.Watch(serving, s.health) })
	running.Go(func() { maintain(serving, s.hub, debug.FreeOSMemory) })
	renewals := make(chan os.Signal, 1)
	if s.certs != nil {
		running.Go(func() { s.certs.Watch(serving, renewals) })
	}
	running.Go(func() { s.watchRequests(serving, c.reload, c.Notifier, renewals) })

	select {
	case <-ctx.Done():
		log.Info("draining", "timeout", c.Drain)
	case err = <-served:
	}
	stop()
	c.Notifier.Stopping(c.Drain + endTimeout)
	s.drain(c.Drain, l)
	s.admin.Close() // after the drain, which /readyz reports
	running.Wait()
	s.close()
	log.Info("stopped")
	return err
}

// A server is a hub, its gateways, and its journal.
type server struct {
	hub       *hub.Hub
	tcp       *tcpgw.Gateway
	ws        *wsgw.Gateway
	http      []boundServer
	httpConns []*httpConns
	admin     *http.Server
	listeners Listeners
	certs     certificates // nil without TLS
	journal   journal
	directory *natsdir.Directory // of the members of other servers; nil if there are none
	figures   *metrics.Metrics
	draining  atomic.Bool
	log       *slog.Logger

	// What a reload changes. See apply.
	config          atomic.Pointer[Config] // the settings in use
	proxies         *admission.Networks
	gates           connGates
	page, adminPage swapHandler
}

// newServer opens the journal and connects the parts. With TLS, connections to l.HTTP are accepted
// from then on. It starts nothing else.
func newServer(c Config, l Listeners, log *slog.Logger) (*server, error) {
	if err := checkOrigins(c.Origins); err != nil {
		return nil, fmt.Errorf("%s: %w", c.source("origin"), err)
	}
	if _, err := c.acceptedHosts(l.HTTP); err != nil {
		return nil, fmt.Errorf("%s: %w", c.source("host"), err)
	}
	certs, err := c.certificates(log)
	if err != nil {
		return nil, err
	}
	figures := metrics.New(c.Version)
	s := &server{certs: certs, figures: figures, log: log, proxies: admission.NewNetworks()}
	l = s.closeIdleIfFull(l)
	s.listeners = l
	if s.journal, err = c.openHistory(figures.Stored, log); err != nil {
		return nil, err
	}
	if shared := s.journal.shared; shared != nil {
		s.directory = c.History.NATS.directory(shared, log)
	}
	h := hub.New(hub.Options{
		Journal:       s.journal.Journal,
		Directory:     s.others(),
		Ready:         s.journal.ready,
		Replay:        noneIfZero(c.Replay),
		MaxLine:       c.Limits.MaxLine,
		Window:        c.Limits.Window,
		PingInterval:  c.Ping,
		HangUpTimeout: c.Limits.WriteTimeout,
		Version:       c.Version,
		Log:           log,
		Meter:         figures,
	})
	s.hub = h
	if s.journal.store == nil {
		figures.Watch(h.Figures, nil)
	} else {
		figures.Watch(h.Figures, func() bool { return s.journal.failure() == nil })
	}
	if shared := s.journal.shared; shared != nil {
		figures.WatchShared(func() metrics.Shared {
			f, others := shared.Figures(), s.directory.Figures()
			return metrics.Shared{
				Behind: f.Behind, Unindexed: f.Unindexed, Restarts: f.Restarts, Foreign: f.Foreign,
				Waiting: f.Waiting, OldestWaits: f.OldestWaits.Seconds(),
				Servers: others.Servers, PresenceAge: others.PresenceAge.Seconds(),
			}
		})
	}
	s.tcp = &tcpgw.Gateway{
		Hub: h, MaxLine: c.Limits.MaxLine, WriteTimeout: c.Limits.WriteTimeout, Web: webAddress(l.HTTP, certs != nil),
		Proxies: s.proxies, HeaderTimeout: c.Limits.HeaderTimeout, Log: log,
	}
	if certs != nil {
		s.tcp.TLS = tlsConfig(certs)
	}
	s.ws = &wsgw.Gateway{
		Hub: h, MaxLine: c.Limits.MaxLine, MaxFragments: c.Limits.MaxFragments, WriteTimeout: c.Limits.WriteTimeout,
		OriginRefused: figures.OriginRefused, Log: log,
	}
	s.gates.refused = figures.ConnectionRefused
	s.http = s.bindHTTP(c.Limits, l)
	s.admin = s.newAdmin(c)
	s.apply(&c)
	return s, nil
}

// others returns the directory, or nil if there is none.
func (s *server) others() directory.Directory {
	if s.directory == nil {
		return nil
	}
	return s.directory
}

// drain ends all members and HTTP requests, within timeout.
func (s *server) drain(timeout time.Duration, l Listeners) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	s.draining.Store(true)
	if l.TCP != nil {
		l.TCP.Close()
	}
	var requests sync.WaitGroup
	requests.Go(func() {
		// After Shutdown the server would drop the requests that arrive on new connections. Close does
		// not close WebSockets, which the hub closes.
		brief, cancel := context.WithTimeout(ctx, httpDrainTimeout)
		defer cancel()
		s.tcp.Settle() // at one address, it gives HTTP the connections that have just arrived
		for _, h := range s.http {
			h.stop()
		}
		s.awaitRequests(brief)
		for _, h := range s.http {
			h.Close()
		}
	})
	s.tcp.Settle() // a client that has just connected gets a welcome before the goodbye
	if s.hub.Shutdown(ctx) != nil {
		s.log.Warn("drain timed out", "timeout", timeout)
	}
	requests.Wait()
}

// awaitRequests waits, after the HTTP servers were stopped, until there is no HTTP connection, or ctx is
// done.
func (s *server) awaitRequests(ctx context.Context) {
	tick := time.NewTicker(requestsInterval)
	defer tick.Stop()
	for slices.ContainsFunc(s.httpConns, (*httpConns).hasAny) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// close waits for the last WebSockets, and closes the journal.
func (s *server) close() {
	s.ws.Wait()
	if s.directory != nil {
		s.directory.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if s.journal.close(ctx) != nil {
		s.log.Warn("history close timed out", "timeout", closeTimeout)
	}
}

// noneIfZero returns a number for hub.Options, in which -1 means none and 0 the default.
func noneIfZero(replay int) int {
	if replay == 0 {
		return -1
	}
	return replay
}
