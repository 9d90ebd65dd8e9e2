package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/tcpgw"
	"partyline/web"
	"partyline/wsgw"
)

// Listeners are bound and do not accept connections yet. A listener that is turned off is nil.
type Listeners struct{ TCP, HTTP net.Listener }

// Listen binds the listeners of a configuration. If it returns an error, none is bound.
func Listen(c Config) (l Listeners, err error) {
	if l.TCP, err = bind(c.source("tcp"), c.TCP); err != nil {
		return l, err
	}
	if l.HTTP, err = bind(c.source("http"), c.HTTP); err != nil && l.TCP != nil {
		l.TCP.Close()
	}
	return l, err
}

func bind(source, addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil
	}
	// Go's default is Multipath TCP, whose connections outlive their paths: if keep-alive ends
	// the only one, reading and writing return no error.
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %s is taken by another program: stop that program, or choose another address", source, addr)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w", source, addr, err)
	}
	return ln, nil
}

const (
	// headerSlop is what net/http reads beyond its limit for a header, in bytes.
	headerSlop = 4096
	// answerTimeout bounds the write of an HTTP response, which has a few KiB.
	answerTimeout = 30 * time.Second
	// httpDrainTimeout bounds the wait for HTTP requests at shutdown.
	httpDrainTimeout = time.Second
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
		return err
	}
	var running sync.WaitGroup
	served := make(chan error, 2)
	if l.TCP != nil {
		running.Go(func() { served <- s.tcp.Serve(l.TCP) })
	}
	if l.HTTP != nil {
		running.Go(func() { served <- s.httpServer.Serve(c.Limits.readProxyHeaders(l.HTTP, log)) })
	}
	logListeners(log, l)
	serving, stop := context.WithCancel(ctx)
	running.Go(func() { maintain(serving, s.hub, debug.FreeOSMemory) })

	select {
	case <-ctx.Done():
		log.Info("draining", "timeout", c.Drain)
	case err = <-served:
	}
	stop()
	s.drain(c.Drain, l)
	running.Wait()
	s.close()
	log.Info("stopped")
	return err
}

// A server is a hub, its gateways, and its journal.
type server struct {
	hub          *hub.Hub
	tcp          *tcpgw.Gateway
	ws           *wsgw.Gateway
	httpServer   *http.Server
	closeJournal func(context.Context) error
	log          *slog.Logger
}

// newServer opens the journal and connects the parts. It starts nothing else.
func newServer(c Config, l Listeners, log *slog.Logger) (*server, error) {
	origins, err := wsgw.ParseOrigins(c.Origins)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.source("origin"), err)
	}
	hosts, err := c.acceptedHosts(l.HTTP)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.source("host"), err)
	}
	journal, closeJournal, err := c.History.open(c.source("data"), log)
	if err != nil {
		return nil, err
	}
	limits, proxies := c.Limits.hubLimits(), c.Limits.proxyNetworks()
	h := hub.New(hub.Options{
		Journal:       journal,
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
	})
	s := &server{hub: h, closeJournal: closeJournal, log: log}
	s.tcp = &tcpgw.Gateway{
		Hub: h, MaxLine: c.Limits.MaxLine, WriteTimeout: c.Limits.WriteTimeout, Web: webAddress(l.HTTP),
		Proxies: proxies, HeaderTimeout: c.Limits.HeaderTimeout, Log: log,
	}
	s.ws = &wsgw.Gateway{
		Hub: h, MaxLine: c.Limits.MaxLine, MaxFragments: c.Limits.MaxFragments, WriteTimeout: c.Limits.WriteTimeout,
		Origins: origins, Log: log,
	}
	isProxy := func(addr netip.Addr) bool { return admission.Within(proxies, addr) }
	s.httpServer = &http.Server{
		Handler:           web.New(web.Options{WebSocket: s.ws, IsProxy: isProxy, ProxyHeader: c.Limits.ProxyHeader, Hosts: hosts, Log: log}),
		ConnContext:       web.ConnContext,
		ReadHeaderTimeout: c.Limits.HeaderTimeout,
		ReadTimeout:       c.Limits.HeaderTimeout,                      // no handler reads a body
		WriteTimeout:      min(4*c.Limits.WriteTimeout, answerTimeout), // wsgw sets its own deadlines
		MaxHeaderBytes:    max(c.Limits.MaxHeader-headerSlop, 1),
		IdleTimeout:       2 * time.Minute,
		ConnState:         newHTTPConns(limits.PerAddress, append(limits.Exempt, proxies...)).track,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// drain ends all members and HTTP requests, within timeout.
func (s *server) drain(timeout time.Duration, l Listeners) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if l.TCP != nil {
		l.TCP.Close()
	}
	var requests sync.WaitGroup
	requests.Go(func() {
		// Shutdown would wait for idle connections of browsers. It does not close WebSockets,
		// which the hub closes.
		brief, cancel := context.WithTimeout(ctx, httpDrainTimeout)
		defer cancel()
		if s.httpServer.Shutdown(brief) != nil {
			s.httpServer.Close()
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
	if s.closeJournal(ctx) != nil {
		s.log.Warn("history close timed out", "timeout", closeTimeout)
	}
}

// acceptedHosts returns the Host headers that the HTTP server accepts; nil for any. Without
// --host a server on a loopback address accepts only loopback names, to prevent DNS rebinding.
func (c *Config) acceptedHosts(ln net.Listener) (web.Hosts, error) {
	hosts, err := web.ParseHosts(c.Hosts)
	if err != nil || len(c.Hosts) > 0 {
		return hosts, err
	}
	if ln == nil || !ln.Addr().(*net.TCPAddr).IP.IsLoopback() {
		return nil, nil
	}
	return hosts, nil
}

// noneIfZero returns a number for hub.Options, in which -1 means none and 0 the default.
func noneIfZero(replay int) int {
	if replay == 0 {
		return -1
	}
	return replay
}

// webAddress returns the URL of the page, or "" without a listener. If the listener is on all
// addresses, the URL has the host name of this machine.
func webAddress(ln net.Listener) string {
	if ln == nil {
		return ""
	}
	addr := ln.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "localhost"
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return fmt.Sprintf("http://%s/", net.JoinHostPort(host, fmt.Sprint(addr.Port)))
}

// logListeners logs the addresses of the listeners, and the flags that make loopback listeners
// accept connections from other machines.
func logListeners(log *slog.Logger, l Listeners) {
	var flags []string
	if l.TCP != nil {
		addr := l.TCP.Addr().(*net.TCPAddr)
		host := addr.IP.String()
		if addr.IP.IsUnspecified() {
			host = "127.0.0.1"
		}
		log.Info("listening", "tcp", addr.String(), "try", fmt.Sprintf("nc %s %d", host, addr.Port))
		if addr.IP.IsLoopback() {
			flags = append(flags, fmt.Sprintf("--tcp :%d", addr.Port))
		}
	}
	if l.HTTP != nil {
		addr := l.HTTP.Addr().(*net.TCPAddr)
		log.Info("listening", "http", addr.String(), "try", webAddress(l.HTTP))
		if addr.IP.IsLoopback() {
			flags = append(flags, fmt.Sprintf("--http :%d", addr.Port))
		}
	}
	if flags != nil {
		log.Info("listening on loopback only", "public", strings.Join(flags, " "))
	}
}
