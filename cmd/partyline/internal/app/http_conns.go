package app

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"partyline/cmd/partyline/internal/listen"
	"partyline/hub/admission"
	"partyline/hub/socket"
	"partyline/tcpgw"
	"partyline/web"
)

// httpConns limits the HTTP connections from one address, except those that have become members:
// it counts connections that fetch the page, have not sent a request yet, or are idle. A connection
// that starts with a PROXY header counts for its client as soon as the header is read, and before that
// for the proxy.
type httpConns struct {
	gate tcpgw.Gate

	mu    sync.Mutex
	conns map[net.Conn]httpConn
}

// An httpConn is a connection that counts.
type httpConn struct {
	addr  netip.Addr // for which it counts
	slot  admission.Slot
	since time.Time // when it was accepted, or its last request ended; zero while a request is being served
}

func newHTTPConns(gate tcpgw.Gate) *httpConns {
	return &httpConns{gate: gate, conns: make(map[net.Conn]httpConn)}
}

// track is the ConnState function of an http.Server. It closes a connection above the limit
// without an answer, since there is no request yet.
func (h *httpConns) track(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if !h.Admit(c) {
			c.Close()
		}
	case http.StateActive:
		h.setSince(c, time.Time{})
	case http.StateIdle:
		h.setSince(c, time.Now())
	case http.StateHijacked, http.StateClosed: // a hijacked connection becomes a member
		h.Leave(c)
	}
}

var _ listen.Gate = (*httpConns)(nil)

// Admit implements [listen.Gate].
func (h *httpConns) Admit(c net.Conn) bool {
	addr := web.ProxyClient(c)
	if !addr.IsValid() {
		addr, _ = netip.ParseAddrPort(c.RemoteAddr().String())
	}
	if p, ok := c.(*socket.ProxiedConn); ok {
		p.AfterHeader = func() {
			if client := web.ProxyClient(c); client.IsValid() && !h.admitOnce(c, client.Addr()) {
				c.Close()
			}
		}
	}
	return h.admitOnce(c, addr.Addr())
}

// admitOnce admits a connection from an address, unless it has been admitted from there already. It
// no longer counts for another address.
func (h *httpConns) admitOnce(c net.Conn, addr netip.Addr) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	last, admitted := h.conns[c]
	if admitted && last.addr == addr {
		return true
	}
	slot, err := h.gate.Admit(addr)
	if err != nil {
		return false
	}
	if admitted {
		last.slot.Leave()
	} else {
		last.since = time.Now()
	}
	h.conns[c] = httpConn{addr, slot, last.since}
	return true
}

// hasAny reports whether there is a connection.
func (h *httpConns) hasAny() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns) > 0
}

func (h *httpConns) setSince(c net.Conn, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if conn, ok := h.conns[c]; ok {
		conn.since = since
		h.conns[c] = conn
	}
}

// closeIdle closes a quarter of the connections of which no request is being served, those that have
// waited longest, and at least one if there is one. It returns how many it has closed.
func (h *httpConns) closeIdle() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	var idle []net.Conn
	for c, conn := range h.conns {
		if !conn.since.IsZero() {
			idle = append(idle, c)
		}
	}
	slices.SortFunc(idle, func(a, b net.Conn) int { return h.conns[a].since.Compare(h.conns[b].since) })
	idle = idle[:(len(idle)+3)/4]
	for _, c := range idle {
		if t, ok := c.(*tls.Conn); ok {
			c = t.NetConn() // t would wait to send an alert
		}
		c.Close()
	}
	return len(idle)
}

// Leave implements [listen.Gate].
func (h *httpConns) Leave(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if conn, ok := h.conns[c]; ok {
		delete(h.conns, c)
		conn.slot.Leave()
	}
}
