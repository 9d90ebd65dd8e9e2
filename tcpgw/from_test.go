package tcpgw

import (
	"net"
	"net/netip"
	"testing"
)

type connFrom struct {
	net.Conn
	addr net.TCPAddr
}

func (c connFrom) RemoteAddr() net.Addr { return &c.addr }

// TestFromProxy compares the addresses of IPv4 that a socket of both kinds has, and those with
// a zone, with the networks of proxies.
func TestFromProxy(t *testing.T) {
	g := &Gateway{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("fe80::/10")}}
	for from, want := range map[string]bool{
		"192.0.2.1:1": true, "[::ffff:192.0.2.1]:1": true, "[fe80::1]:1": true, "[fe80::1%eth0]:1": true,
		"192.0.3.1:1": false, "[::ffff:192.0.3.1]:1": false, "[2001:db8::1]:1": false,
	} {
		addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))
		if got := g.fromProxy(connFrom{addr: *addr}); got != want {
			t.Errorf("%s: a proxy is %t", from, got)
		}
	}
}
