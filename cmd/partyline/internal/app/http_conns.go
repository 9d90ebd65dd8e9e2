package app

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"partyline/cmd/partyline/internal/listen"
	"partyline/hub/admission"
	"partyline/web"
)

// httpConns limits the HTTP connections from one address, except those that have become members:
// it counts connections that fetch the page, have not sent a request yet, or are idle. A connection
// that starts with a PROXY header counts for its client from the first request on, and before that
// for the proxy.
type httpConns struct {
	gate *admission.Gate

	mu    sync.Mutex
	conns map[net.Conn]httpConn
}

// An httpConn is a connection that counts.
type httpConn struct {
	addr netip.Addr // for which it counts
	slot admission.Slot
}

func newHTTPConns(gate *admission.Gate) *httpConns {
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
		if client := web.ProxyClient(c); client.IsValid() && !h.admitOnce(c, client.Addr()) {
			c.Close()
		}
	case http.StateHijacked, http.StateClosed: // a hijacked connection becomes a member
		h.Leave(c)
	}
}

var _ listen.Gate = (*httpConns)(nil)

// Admit implements [listen.Gate].
func (h *httpConns) Admit(c net.Conn) bool {
	addr, _ := netip.ParseAddrPort(c.RemoteAddr().String())
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
	}
	h.conns[c] = httpConn{addr, slot}
	return true
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
