package app

import (
	"net/netip"
	"testing"
)

// TestMembersFor checks that some descriptors are reserved.
func TestMembersFor(t *testing.T) {
	for descriptors, want := range map[int]int{0: 0, 64: 32, 256: 176, 1024: 896, 20_000: 18_686, 1 << 20: 982_976} {
		if got := MembersFor(descriptors); got != want {
			t.Errorf("with %d descriptors there are %d members, not %d", descriptors, got, want)
		}
	}
}

// TestParseNetworks parses networks and addresses in all forms of IPv4 and IPv6.
func TestParseNetworks(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "192.0.2.7/24": "192.0.2.0/24", "2001:db8::7": "2001:db8::7/128", "2001:db8::/32": "2001:db8::/32",
		"::ffff:192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7/120": "192.0.2.0/24", "::ffff:0:0/96": "0.0.0.0/0", "::/0": "::/0",
		"fe80::1%eth0": "fe80::1/128", "unix": netip.Prefix{}.String(),
	} {
		got, err := parseNetworks([]string{text})
		if err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("%s is %v, %v, not %s", text, got, err, want)
		}
	}
}
