package admission

import (
	"net/netip"
	"testing"
)

// TestWithin tests that an address in any form is in its network, and that only Unix contains the
// zero Addr.
func TestWithin(t *testing.T) {
	all := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, c := range []struct {
		networks []netip.Prefix
		addr     netip.Addr
		want     bool
	}{
		{all, netip.MustParseAddr("192.0.2.1"), true},
		{all[:1], netip.MustParseAddr("::ffff:192.0.2.1"), true},
		{all[1:], netip.MustParseAddr("192.0.2.1"), false},
		{all[1:], netip.MustParseAddr("fe80::1%eth0"), true},
		{all, netip.Addr{}, false},
		{nil, netip.Addr{}, false},
		{[]netip.Prefix{Unix}, netip.Addr{}, true},
		{append(all, Unix), netip.Addr{}, true},
		{[]netip.Prefix{Unix}, netip.IPv4Unspecified(), false},
		{[]netip.Prefix{Unix}, netip.IPv6Unspecified(), false},
	} {
		if got := Within(c.networks, c.addr); got != c.want {
			t.Errorf("%v is within %v: %t", c.addr, c.networks, got)
		}
	}
}
