//go:build linux

package load

import "testing"

// TestAllowRemote resolves an address on another machine only if the plan allows it.
func TestAllowRemote(t *testing.T) {
	for addr, local := range map[string]bool{
		"127.0.0.1:4000": true, "[::1]:4000": true, ":4000": true,
		"192.0.2.1:4000": false, "[2001:db8::1]:4000": false,
	} {
		p := Plan{Addr: addr}
		if _, err := p.target(); (err == nil) != local {
			t.Errorf("%s: %v", addr, err)
		}
		p = Plan{URL: "ws://" + addr + "/ws"}
		if _, err := p.target(); (err == nil) != local {
			t.Errorf("%s: %v", p.URL, err)
		}
		p.AllowRemote = true
		if _, err := p.target(); err != nil {
			t.Errorf("%s, allowed: %v", addr, err)
		}
	}
}
