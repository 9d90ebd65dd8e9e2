package app

import (
	"net/netip"
	"slices"

	"partyline/hub/admission"
)

// connGates are the gates of the connections that are not those of members. Each limits the
// connections from one address as the gate of the hub limits the members, but not those from proxies.
type connGates struct{ all []*admission.Gate }

// add returns a new gate. It must not be called after set.
func (g *connGates) add() *admission.Gate {
	gate := admission.NewGate(admission.Limits{})
	g.all = append(g.all, gate)
	return gate
}

// set changes the limits of all gates.
func (g *connGates) set(limits admission.Limits, proxies []netip.Prefix) {
	l := admission.Limits{PerAddress: limits.PerAddress, Exempt: slices.Concat(limits.Exempt, proxies)}
	for _, gate := range g.all {
		gate.SetLimits(l)
	}
}
