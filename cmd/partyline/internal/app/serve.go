package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"partyline/cmd/partyline/internal/metrics"
	"partyline/hub"
	"partyline/hub/admission"
	"partyline/tcpgw"
	"partyline/web"
	"partyline/wsgw"
)

const (
	// httpDrainTimeout bounds the wait for HTTP requests at shutdown.
	httpDrainTimeout = time.Second
	// maxListeners is the largest number of listeners: TCP, two for HTTP, that of redirects, and the operator's.
	maxListeners = 5
	// closeTimeout bounds the wait for the journal to close. Committed messages are safe in any
	// case.
	closeTimeout = time.Second
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
	logListeners(log, l, s.certs != nil)
	serving, stop := context.WithCancel(ctx)
	running.Go(func() { maintain(serving, s.hub, debug.FreeOSMemory) })
	if s.certs != nil {
		running.Go(func() { s.certs.Watch(serving, c.Reload) })
	}

	select {
	case <-ctx.Done():
		log.Info("draining", "timeout", c.Drain)
	case err = <-served:
	}
	stop()
	s.drain(c.Drain, l)
	s.admin.Close() // after the drain, which /readyz reports
	running.Wait()
	s.close()
	log.Info("stopped")
	return err
}

// A server is a hub, its gateways, and its journal.
type server struct {
	hub      *hub.Hub
	tcp      *tcpgw.Gateway
	ws       *wsgw.Gateway
	http     []boundServer
	admin    *http.Server
	certs    certificates // nil without TLS
	journal  journal
	draining atomic.Bool
	log      *slog.Logger
}

// newServer opens the journal and connects the parts. With TLS, connections to l.HTTP are accepted
// from then on. It starts nothing else.
func newServer(c Config, l Listeners, log *slog.Logger) (*server, error) {
	origins, err := wsgw.ParseOrigins(c.Origins)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.source("origin"), err)
	}
	hosts, err := c.acceptedHosts(l.HTTP)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.source("host"), err)
	}
	certs, err := c.certificates(log)
	if err != nil {
		return nil, err
	}
	s := &server{certs: certs, log: log}
	figures := metrics.New(c.Version)
	if s.journal, err = c.History.open(c.source("data"), figures.Stored, log); err != nil {
		return nil, err
	}
	limits, proxies := c.Limits.hubLimits(), c.Limits.proxyNetworks()
	h := hub.New(hub.Options{
		Journal:       s.journal.Journal,
		Replay:        noneIfZero(c.Replay),
		MaxLine:       c.Limits.MaxLine,
		Window:        c.Limits.Window,
		Rate:          c.Limits.Rate,
		Burst:         c.Limits.Burst,
		PingInterval:  c.Ping,
		HangUpTimeout: c.Limits.WriteTimeout,
		Limits:        limits,
		Version:       c.Version,
		Log:           log,
		Meter:         figures,
	})
	s.hub = h
	if s.journal.disk == nil {
		figures.Watch(h.Figures, nil)
	} else {
		figures.Watch(h.Figures, func() bool { return s.journal.failure() == nil })
	}
	s.tcp = &tcpgw.Gateway{
		Hub: h, MaxLine: c.Limits.MaxLine, WriteTimeout: c.Limits.WriteTimeout, Web: webAddress(l.HTTP, certs != nil),
		Proxies: proxies, HeaderTimeout: c.Limits.HeaderTimeout, Log: log,
	}
	if certs != nil {
		s.tcp.TLS = tlsConfig(certs)
	}
	s.ws = &wsgw.Gateway{
		Hub: h, MaxLine: c.Limits.MaxLine, MaxFragments: c.Limits.MaxFragments, WriteTimeout: c.Limits.WriteTimeout,
		Origins: origins, Log: log,
	}
	isProxy := func(addr netip.Addr) bool { return admission.Within(proxies, addr) }
	page := web.New(web.Options{
		WebSocket: s.ws, IsProxy: isProxy, ProxyHeader: c.Limits.ProxyHeader, Hosts: hosts, Health: s.health, RequireTLS: certs != nil,
		Report: c.report(l), Log: log,
	})
	limits.Exempt = append(limits.Exempt, proxies...)
	s.http = bindHTTP(c.Limits, limits, l, s.tcp, page, certs, log)
	s.admin = s.newAdmin(c, l, figures)
	return s, nil
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
		// Shutdown would wait for idle connections of browsers. It does not close WebSockets,
		// which the hub closes.
		brief, cancel := context.WithTimeout(ctx, httpDrainTimeout)
		defer cancel()
		for _, h := range s.http {
			if h.Shutdown(brief) != nil {
				h.Close()
			}
		}
	})
	if s.hub.Shutdown(ctx) != nil {
		s.log.Warn("drain timed out", "timeout", timeout)
	}
	requests.Wait()
}

// close waits for the last WebSockets, and closes the journal.
func (s *server) close() {
	s.ws.Wait()
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
