package admission

import (
	"net/netip"
	"slices"
	"sync/atomic"
)

// Unix is the network of the clients on unix sockets, which have no address: the zero Addr.
var Unix netip.Prefix

// Within reports whether addr is in one of networks. An IPv4 address that is mapped to IPv6
// counts as the IPv4 address, and the zone of an address is ignored. Only Unix contains the zero
// Addr, and Unix contains no other address.
func Within(networks []netip.Prefix, addr netip.Addr) bool {
	if !addr.IsValid() {
		return slices.Contains(networks, Unix)
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// Networks are networks that may be replaced at any time, and from any goroutine. A nil *Networks
// has none.
type Networks struct {
	list atomic.Pointer[[]netip.Prefix]
}

// NewNetworks returns the given networks.
func NewNetworks(list ...netip.Prefix) *Networks {
	n := &Networks{}
	n.Set(list)
	return n
}

// Set replaces the networks. The list must not change afterwards.
func (n *Networks) Set(list []netip.Prefix) { n.list.Store(&list) }

// Contain reports whether addr is in one of the networks, as Within does.
func (n *Networks) Contain(addr netip.Addr) bool { return n != nil && Within(*n.list.Load(), addr) }
