package app

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"partyline/cmd/partyline/internal/listen"
	"partyline/hub/admission"
)

// httpConns limits the HTTP connections from one address, except those that have become members:
// it counts connections that fetch the page, have not sent a request yet, or are idle.
type httpConns struct {
	gate *admission.Gate

	mu    sync.Mutex
	slots map[net.Conn]admission.Slot
}

func newHTTPConns(perAddress int, exempt []netip.Prefix) *httpConns {
	return &httpConns{
		gate:  admission.NewGate(admission.Limits{PerAddress: perAddress, Exempt: exempt}),
		slots: make(map[net.Conn]admission.Slot),
	}
}

// track is the ConnState function of an http.Server. It closes a connection above the limit
// without an answer, since there is no request yet.
func (h *httpConns) track(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if !h.Admit(c) {
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
	slot, err := h.gate.Admit(addr.Addr())
	if err != nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slots[c] = slot
	return true
}

// Leave implements [listen.Gate].
func (h *httpConns) Leave(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if slot, ok := h.slots[c]; ok {
		delete(h.slots, c)
		slot.Leave()
	}
}
