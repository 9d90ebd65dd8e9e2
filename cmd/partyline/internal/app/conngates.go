package app

import (
	"net/netip"
	"slices"

	"partyline/hub/admission"
	"partyline/tcpgw"
)

// connGates are the gates of the connections that are not those of members. Each limits the
// connections of its own kind from one address.
type connGates struct {
	all     []*admission.Gate
	refused func() // is called for each connection above a limit
}

// add returns a new gate, which has no limits before set. All gates are added before set is called.
func (g *connGates) add() tcpgw.Gate {
	gate := new(admission.Gate)
	g.all = append(g.all, gate)
	return connGate{gate, g.refused}
}

// set changes the limits of all gates to those of a connection that is not a member's.
func (g *connGates) set(limits admission.Limits, proxies []netip.Prefix) {
	limits = admission.Limits{PerAddress: limits.PerAddress, Exempt: slices.Concat(limits.Exempt, proxies)}
	for _, gate := range g.all {
		gate.SetLimits(limits)
	}
}

// A connGate is a gate that reports that it refuses a connection.
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
