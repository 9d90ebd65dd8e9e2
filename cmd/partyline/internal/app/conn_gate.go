package app

import (
	"net/netip"

	"partyline/hub/admission"
	"partyline/tcpgw"
)

// connLimit is the limit of connections from one address that are not members.
type connLimit struct {
	perAddress int            // 0 for no limit
	exempt     []netip.Prefix // networks without the limit
	refused    func()         // is called for each connection above the limit
}

// newGate returns a gate of its own for one kind of connections.
func (l connLimit) newGate() tcpgw.Gate {
	return connGate{admission.NewGate(admission.Limits{PerAddress: l.perAddress, Exempt: l.exempt}), l.refused}
}

// A connGate is a gate that reports whom it refuses.
type connGate struct {
	*admission.Gate
	refused func()
}

// Admit implements [tcpgw.Gate].
func (g connGate) Admit(addr netip.Addr) (admission.Slot, error) {
	slot, err := g.Gate.Admit(addr)
	if err != nil {
		g.refused()
	}
	return slot, err
}
