package app

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"partyline/cmd/partyline/internal/listen"
	"partyline/hub/socket"
	"partyline/tcpgw"
	"partyline/web"
)

const (
	// headerSlop is what net/http reads beyond its limit for a header, in bytes.
	headerSlop = 4096
	// answerTimeout bounds the write of an HTTP response, which has a few KiB.
	answerTimeout = 30 * time.Second
)

// A boundServer is an HTTP server with one of its listeners.
type boundServer struct {
	*http.Server
	ln net.Listener
}

// Serve serves the listener until the server is shut down.
func (b boundServer) Serve() error { return b.Server.Serve(b.ln) }

// bindHTTP returns the HTTP servers of the listeners that are not nil. With TLS there are two at
// l.HTTP: page redirects what comes without TLS. If l.HTTP is also that of TCP, the server gets the
// connections that tcp gives it.
func bindHTTP(c Limits, limit connLimit, l Listeners, tcp *tcpgw.Gateway, page http.Handler, certs certificates, log *slog.Logger) (all []boundServer) {
	switch s := newHTTPServer(c, limit, page, log); {
	case l.HTTP == nil:
	case l.shared():
		all = append(all, boundServer{s, shareTCP(c, limit, l.TCP, tcp, certs)})
	case certs == nil:
		all = append(all, boundServer{s, c.readProxyHeaders(l.HTTP, log)})
	default:
		secure, plain := listen.Split(c.readProxyHeaders(l.HTTP, log), newHTTPConns(limit.newGate()), c.HeaderTimeout)
		all = append(all, boundServer{s, socket.TLSListener(secure, httpConfig(certs))}, boundServer{s, plain})
	}
	if l.Redirect != nil {
		h := redirectHandler(certs, web.Redirect(httpsPort(l.HTTP)))
		all = append(all, boundServer{newHTTPServer(c, limit, h, log), c.readProxyHeaders(l.Redirect, log)})
	}
	return all
}

// shareTCP returns a listener for the HTTP clients of tcp, which serves ln.
func shareTCP(c Limits, limit connLimit, ln net.Listener, tcp *tcpgw.Gateway, certs certificates) net.Listener {
	clients := listen.NewQueue(ln.Addr())
	tcp.HTTP = clients.Put
	tcp.Waiting = limit.newGate()
	tcp.DirectHTTP = c.ProxyHeader != web.PROXY
	if certs != nil {
		tcp.TLS = httpConfig(certs)
	}
	return clients
}

func newHTTPServer(c Limits, limit connLimit, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ConnContext:       web.ConnContext,
		ReadHeaderTimeout: c.HeaderTimeout,
		ReadTimeout:       c.HeaderTimeout,                      // no handler reads a body
		WriteTimeout:      min(4*c.WriteTimeout, answerTimeout), // wsgw sets its own deadlines
		MaxHeaderBytes:    max(c.MaxHeader-headerSlop, 1),
		IdleTimeout:       2 * time.Minute,
		ConnState:         newHTTPConns(limit.newGate()).track,
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
