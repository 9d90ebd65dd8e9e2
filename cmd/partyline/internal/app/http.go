package app

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"partyline/cmd/partyline/internal/listen"
	"partyline/hub/socket"
	"partyline/web"
)

const (
	// headerSlop is what net/http reads beyond its limit for a header, in bytes.
	headerSlop = 4096
	// answerTimeout bounds the write of an HTTP response, which has some 100 KiB at most.
	answerTimeout = 30 * time.Second
)

// A boundServer is an HTTP server with one of its listeners.
type boundServer struct {
	*http.Server
	ln    net.Listener
	ended chan struct{} // closed when Serve has returned
}

func bindServer(s *http.Server, ln net.Listener) boundServer {
	return boundServer{s, ln, make(chan struct{})}
}

// Serve serves the listener until it is closed, or the server is shut down.
func (b boundServer) Serve() error {
	defer close(b.ended)
	return b.Server.Serve(b.ln)
}

// stop closes the listener, and makes the server end each connection after a response. It waits until
// the connections that were accepted are known.
func (b boundServer) stop() {
	b.ln.Close()
	b.SetKeepAlivesEnabled(false)
	<-b.ended
}

// bindHTTP returns the HTTP servers of the listeners that are not nil. With TLS there are two at
// l.HTTP: the page redirects what comes without TLS. If l.HTTP is also that of TCP, the server gets the
// connections that the TCP gateway gives it.
func (s *server) bindHTTP(c Limits, l Listeners) (all []boundServer) {
	switch h := newHTTPServer(c, &s.page, s.newHTTPConns(), s.log); {
	case l.HTTP == nil:
	case l.shared():
		all = append(all, bindServer(h, s.shareTCP(c, l.TCP)))
	case s.certs == nil:
		all = append(all, bindServer(h, s.readProxyHeaders(c, l.HTTP)))
	default:
		secure, plain := listen.Split(s.readProxyHeaders(c, l.HTTP), s.newHTTPConns(), c.HeaderTimeout)
		all = append(all, bindServer(h, socket.TLSListener(secure, httpConfig(s.certs))), bindServer(h, plain))
	}
	if l.Redirect != nil {
		redirect := redirectHandler(s.certs, web.Redirect(httpsPort(l.HTTP)))
		h := newHTTPServer(c, redirect, s.newHTTPConns(), s.log)
		all = append(all, bindServer(h, s.readProxyHeaders(c, l.Redirect)))
	}
	return all
}

// readProxyHeaders returns a listener for HTTP whose connections from proxies start with a PROXY
// header, if that is the header of the proxies, and otherwise ln.
func (s *server) readProxyHeaders(c Limits, ln net.Listener) net.Listener {
	if c.ProxyHeader != web.PROXY {
		return ln
	}
	return socket.NewProxyListener(ln, func(a net.Addr) bool {
		addr, _ := netip.ParseAddrPort(a.String())
		return s.proxies.Contain(addr.Addr())
	}, s.log)
}

// shareTCP returns a listener for the HTTP clients of the TCP gateway, which serves ln.
func (s *server) shareTCP(c Limits, ln net.Listener) net.Listener {
	clients := listen.NewQueue(ln.Addr())
	s.tcp.HTTP = clients.Put
	s.tcp.Waiting = s.gates.add()
	s.tcp.DirectHTTP = c.ProxyHeader != web.PROXY
	if s.certs != nil {
		s.tcp.TLS = httpConfig(s.certs)
	}
	return clients
}

// newHTTPConns returns the limit of the HTTP connections of one server, or of those that wait for one.
func (s *server) newHTTPConns() *httpConns {
	conns := newHTTPConns(s.gates.add())
	s.httpConns = append(s.httpConns, conns)
	return conns
}

// newHTTPServer returns a server whose connections are limited by conns until they have become members.
func newHTTPServer(c Limits, h http.Handler, conns *httpConns, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ConnContext:       web.ConnContext,
		ReadHeaderTimeout: c.HeaderTimeout,
		ReadTimeout:       c.HeaderTimeout,                      // no handler reads a body
		WriteTimeout:      min(4*c.WriteTimeout, answerTimeout), // wsgw sets its own deadlines
		MaxHeaderBytes:    max(c.MaxHeader-headerSlop, 1),
		IdleTimeout:       2 * time.Minute,
		ConnState:         conns.track,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // no HTTP/2
	}
}

// httpsPort returns the port of the URLs to which requests are redirected. A listener without one,
// such as a unix socket, is behind a proxy that has the usual port.
func httpsPort(ln net.Listener) string {
	if ln != nil {
		if addr, ok := ln.Addr().(*net.TCPAddr); ok {
			return strconv.Itoa(addr.Port)
		}
	}
	return "443"
}
