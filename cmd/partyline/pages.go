package main

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"partyline/hub/admission"
)

// pages bounds the connections of one address that are no members: those that fetch the
// page, that have not asked for anything yet, or that are kept for later.
type pages struct {
	gate *admission.Gate

	mu    sync.Mutex
	seats map[net.Conn]admission.Slot
}

func newPages(perAddress int, exempt []netip.Prefix) *pages {
	return &pages{
		gate:  admission.NewGate(admission.Limits{PerAddress: perAddress, Exempt: exempt}),
		seats: make(map[net.Conn]admission.Slot),
	}
}

// follow is an http.Server's ConnState. A connection too many is closed without a word:
// nothing was asked yet that could be answered.
func (p *pages) follow(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		addr, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		seat, err := p.gate.Admit(addr.Addr())
		if err != nil {
			c.Close()
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.seats[c] = seat
	case http.StateHijacked, http.StateClosed: // a member, or gone
		p.mu.Lock()
		defer p.mu.Unlock()
		if seat, ok := p.seats[c]; ok {
			delete(p.seats, c)
			seat.Leave()
		}
	}
}
