package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"partyline/hub"
	"partyline/tcpgw"
	"partyline/web"
	"partyline/wsgw"
)

// listeners are the doors, bound and not yet open; nil where a door is off.
type listeners struct{ tcp, http net.Listener }

// listen binds everything or nothing.
func listen(c config) (l listeners, err error) {
	if l.tcp, err = bind("--tcp", c.tcp); err != nil {
		return l, err
	}
	if l.http, err = bind("--http", c.http); err != nil && l.tcp != nil {
		l.tcp.Close()
	}
	return l, err
}

func bind(flag, addr string) (net.Listener, error) {
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
		return nil, fmt.Errorf("%s %s is taken by another program: stop it, or give %[1]s another address", flag, addr)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w", flag, addr, err)
	}
	return ln, nil
}

// headerSlop is what net/http reads beyond its bound for a header.
const headerSlop = 4096

// answerTime is how long a browser may take to receive a whole answer, at most. The largest
// is a few KiB.
const answerTime = 30 * time.Second

// closeTime is what the history may take to close when everybody is gone. What was
// committed is safe in any case.
const closeTime = time.Second

// serve opens the doors, waits for the end of ctx, and says goodbye to everybody within
// the drain time.
func serve(ctx context.Context, c config, l listeners, log *slog.Logger) error {
	origins, err := wsgw.ParseOrigins(c.origins)
	if err != nil {
		return fmt.Errorf("--origin: %w", err)
	}
	hosts, err := c.answersTo(l.http)
	if err != nil {
		return fmt.Errorf("--host: %w", err)
	}
	journal, closeJournal, err := c.keep.open(log)
	if err != nil {
		return err
	}
	limits := c.limits.ofHub()
	h := hub.New(hub.Options{
		Journal: journal,
		Replay:  noneIfZero(c.replay),
		MaxLine: c.limits.line,
		Window:  int64(c.limits.window) << 10,
		Rate:    c.limits.rate,
		Burst:   c.limits.burst,
		ReadOn:  c.limits.write,
		Limits:  limits,
		Version: version,
		Log:     log,
	})
	proxies := c.limits.trusted()
	tcp := &tcpgw.Gateway{
		Hub: h, MaxLine: c.limits.line, WriteTimeout: c.limits.write, Web: webAddress(l.http),
		Proxies: proxies, HeaderTimeout: c.limits.headerTime, Log: log,
	}
	ws := &wsgw.Gateway{
		Hub: h, MaxLine: c.limits.line, MaxFragments: c.limits.fragments, WriteTimeout: c.limits.write,
		Origins: origins, Log: log,
	}
	site := &http.Server{
		Handler:           web.New(web.Options{WebSocket: ws, Proxies: proxies, Hosts: hosts, Log: log}),
		ReadHeaderTimeout: c.limits.headerTime,
		ReadTimeout:       c.limits.headerTime,               // nothing here reads a body
		WriteTimeout:      min(4*c.limits.write, answerTime), // a WebSocket's end is its gateway's
		MaxHeaderBytes:    max(c.limits.header<<10-headerSlop, 1),
		IdleTimeout:       2 * time.Minute,
		ConnState:         newPages(limits.PerAddress, append(limits.Exempt, proxies...)).follow,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}

	var doors sync.WaitGroup
	failed := make(chan error, 2)
	if l.tcp != nil {
		doors.Go(func() { failed <- tcp.Serve(l.tcp) })
	}
	if l.http != nil {
		doors.Go(func() { failed <- site.Serve(l.http) })
	}
	announce(log, l)
	open, closing := context.WithCancel(ctx)
	doors.Go(func() { tidy(open, h, debug.FreeOSMemory) })

	select {
	case <-ctx.Done():
		log.Info("ending: nobody new is let in, everybody is told", "drain", c.drain)
	case err = <-failed:
	}
	closing()
	late, cancel := context.WithTimeout(context.Background(), c.drain)
	defer cancel()
	if l.tcp != nil {
		l.tcp.Close()
	}
	var ending sync.WaitGroup
	ending.Go(func() {
		// Its WebSockets are the hub's to end. A request takes no second, and a browser's
		// spare connection would be waited for.
		brief, cancel := context.WithTimeout(late, time.Second)
		defer cancel()
		if site.Shutdown(brief) != nil {
			site.Close()
		}
	})
	if h.Shutdown(late) != nil {
		log.Warn("some were cut off: they did not take what they were owed", "drain", c.drain)
	}
	ending.Wait()
	doors.Wait()
	ws.Wait()
	brief, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if closeJournal(brief) != nil {
		log.Warn("the history was not closed in time: the disk does not answer", "within", closeTime)
	}
	log.Info("ended")
	return err
}

// answersTo returns the names to which the page on ln answers; nil for any. A page that only
// this machine can open is the one that DNS rebinding would open to others.
func (c *config) answersTo(ln net.Listener) (web.Hosts, error) {
	hosts, err := web.ParseHosts(c.hosts)
	if err != nil || len(c.hosts) > 0 {
		return hosts, err
	}
	if ln == nil || !ln.Addr().(*net.TCPAddr).IP.IsLoopback() {
		return nil, nil
	}
	return hosts, nil
}

// noneIfZero says "none" as hub.Options does, where 0 means the default.
func noneIfZero(replay int) int {
	if replay == 0 {
		return -1
	}
	return replay
}

// webAddress returns where a browser on this machine, or on another where the door is
// open to all, finds the page.
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

// announce says what is open, and how to open it to others.
func announce(log *slog.Logger, l listeners) {
	var closed []string
	if l.tcp != nil {
		addr := l.tcp.Addr().(*net.TCPAddr)
		host := addr.IP.String()
		if addr.IP.IsUnspecified() {
			host = "127.0.0.1"
		}
		log.Info("line open", "tcp", addr.String(), "try", fmt.Sprintf("nc %s %d", host, addr.Port))
		if addr.IP.IsLoopback() {
			closed = append(closed, fmt.Sprintf("--tcp :%d", addr.Port))
		}
	}
	if l.http != nil {
		addr := l.http.Addr().(*net.TCPAddr)
		log.Info("page open", "http", addr.String(), "try", webAddress(l.http))
		if addr.IP.IsLoopback() {
			closed = append(closed, fmt.Sprintf("--http :%d", addr.Port))
		}
	}
	if closed != nil {
		log.Info("only this machine can come in", "to let others in", strings.Join(closed, " "))
	}
}
