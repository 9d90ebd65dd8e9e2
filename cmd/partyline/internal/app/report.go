package app

import (
	"net"
	"net/netip"
	"slices"

	"partyline/hub/admission"
	"partyline/web"
)

// report returns the parameters of GET /debug/proxy. It may be read from this machine, by any of its
// addresses and its unix sockets, and from the networks of --exempt.
func (c *Config) report(l Listeners) *web.ReportOptions {
	networks := append(c.Limits.exemptNetworks(), admission.Unix)
	options := &web.ReportOptions{
		IsTrusted: func(addr netip.Addr) bool { return admission.Within(networks, addr) || isOwn(addr) },
		Ping:      c.Ping,
	}
	if l.TCP != nil {
		options.TCP = addressOf(l.TCP)
	}
	return options
}

// isOwn reports whether this machine has an address. A client has it that connects to this machine
// by its name.
func isOwn(addr netip.Addr) bool { return slices.Contains(ownAddresses(), addr.Unmap()) }

// ownAddresses returns the addresses of this machine, or none if the system does not tell.
func ownAddresses() []netip.Addr {
	all, _ := net.InterfaceAddrs()
	var own []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			own = append(own, p.Addr().Unmap())
		}
	}
	return own
}
