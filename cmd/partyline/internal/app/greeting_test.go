package app

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"
)

// A fakeListener only has an address.
type fakeListener struct {
	net.Listener
	addr net.Addr
}

func (l fakeListener) Addr() net.Addr { return l.addr }

// listenerAt returns a listener at an address as --tcp takes it, without a name, or nil for "".
func listenerAt(addr string) net.Listener {
	if addr == "" {
		return nil
	}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return fakeListener{addr: &net.UnixAddr{Name: path, Net: "unix"}}
	}
	if strings.HasPrefix(addr, ":") {
		addr = "[::]" + addr
	}
	return fakeListener{addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))}
}

// TestGreeting checks what a person at the terminal is told, for each kind of listener.
func TestGreeting(t *testing.T) {
	for name, c := range map[string]struct {
		tcp, http, admin string
		edit             func(*Config)
		names            []string
		network          string // addresses of the machine
		want             string
	}{
		"the defaults": {tcp: "127.0.0.1:4000", http: "127.0.0.1:8080", network: "192.0.2.7", want: `
			netcat    nc 127.0.0.1 4000
			browser   http://127.0.0.1:8080/
			others    not yet: start with
			          --tcp :4000 --http :8080`},
		"TCP only": {tcp: "127.0.0.1:4000", want: `
			netcat    nc 127.0.0.1 4000
			others    not yet: start with
			          --tcp :4000`},
		"HTTP only": {http: "[::1]:80", want: `
			browser   http://[::1]/
			others    not yet: start with
			          --http :80`},
		"on all addresses": {tcp: ":4000", http: ":8080", network: "192.0.2.7 2001:db8::7", want: `
			netcat    nc 127.0.0.1 4000
			browser   http://127.0.0.1:8080/
			others    nc 192.0.2.7 4000
			          http://192.0.2.7:8080/`},
		"on all addresses, without IPv4": {tcp: ":4000", http: ":8080", network: "2001:db8::7", want: `
			netcat    nc 127.0.0.1 4000
			browser   http://127.0.0.1:8080/
			others    nc 2001:db8::7 4000
			          http://[2001:db8::7]:8080/`},
		"on all addresses of IPv4, without one": {tcp: "0.0.0.0:4000", network: "2001:db8::7", want: `
			netcat    nc 127.0.0.1 4000
			others    this machine has no network now`},
		"without a network": {tcp: ":4000", http: ":8080", want: `
			netcat    nc 127.0.0.1 4000
			browser   http://127.0.0.1:8080/
			others    this machine has no network now`},
		"on one address": {tcp: "192.0.2.7:4000", http: "192.0.2.7:8080", network: "192.0.2.7", want: `
			netcat    nc 192.0.2.7 4000
			browser   http://192.0.2.7:8080/`},
		"one port": {tcp: "127.0.0.1:4000", http: "127.0.0.1:4000", want: `
			netcat    nc 127.0.0.1 4000
			browser   http://127.0.0.1:4000/
			others    not yet: start with
			          --tcp :4000 --http :4000`},
		"a public page": {tcp: "127.0.0.1:4000", http: ":8080", network: "192.0.2.7", want: `
			netcat    nc 127.0.0.1 4000
			browser   http://127.0.0.1:8080/
			others    http://192.0.2.7:8080/
			          not with netcat: start with
			          --tcp :4000`},
		"a public TCP port": {tcp: ":4000", http: "127.0.0.1:8080", network: "192.0.2.7", want: `
			netcat    nc 127.0.0.1 4000
			browser   http://127.0.0.1:8080/
			others    nc 192.0.2.7 4000
			          not in a browser: start with
			          --http :8080`},
		"unix sockets": {tcp: "unix:/run/my chat/it's.sock", http: "unix:/run/web.sock", admin: "unix:/run/admin.sock", want: `
			netcat    nc -U '/run/my chat/it'\''s.sock'
			browser   curl --unix-socket /run/web.sock http://localhost/
			operator  curl --unix-socket /run/admin.sock http://localhost/`},
		"a certificate for a domain": {tcp: ":4000", http: ":443", network: "192.0.2.7", names: []string{"*.example", "chat.example"}, want: `
			netcat    nc 127.0.0.1 4000
			talk      partyline talk tls://chat.example:4000
			browser   https://chat.example/
			others    nc 192.0.2.7 4000`},
		"a certificate for addresses": {tcp: ":4000", http: ":8443", network: "192.0.2.7", names: []string{"chat.example", "127.0.0.1", "192.0.2.7"}, want: `
			netcat    nc 127.0.0.1 4000
			talk      partyline talk tls://127.0.0.1:4000
			browser   https://127.0.0.1:8443/
			others    nc 192.0.2.7 4000
			          https://192.0.2.7:8443/`},
		"a certificate for this machine": {tcp: "127.0.0.1:4000", http: "[::1]:8443", names: []string{"chat.example", "localhost"}, want: `
			netcat    nc 127.0.0.1 4000
			talk      partyline talk tls://localhost:4000
			browser   https://localhost:8443/
			others    not yet: start with
			          --tcp :4000 --http :8443`},
		"a certificate without names": {http: "192.0.2.7:8443", names: []string{}, want: `
			browser   https://192.0.2.7:8443/`},
		"behind a proxy": {tcp: "127.0.0.1:4000", http: "127.0.0.1:8080", edit: func(c *Config) { c.Limits.Proxies = []string{"127.0.0.1"} }, want: `
			netcat    by a proxy at 127.0.0.1:4000
			browser   http://127.0.0.1:8080/`},
		"behind a proxy with PROXY headers": {tcp: "unix:/run/chat.sock", http: "unix:/run/web.sock", edit: func(c *Config) {
			c.Limits.Proxies, c.Limits.ProxyHeader = []string{"unix"}, "PROXY"
		}, want: `
			netcat    by a proxy at unix:/run/chat.sock
			browser   by a proxy at unix:/run/web.sock`},
		"sockets of systemd": {tcp: "127.0.0.1:4000", http: "127.0.0.1:8080", edit: func(c *Config) { c.TCP, c.HTTP = "fd:chat", "fd:web" }, want: `
			netcat    nc 127.0.0.1 4000
			browser   http://127.0.0.1:8080/
			others    not yet`},
		"the operator": {tcp: "192.0.2.7:4000", admin: ":9090", want: `
			netcat    nc 192.0.2.7 4000
			operator  http://127.0.0.1:9090/`},
	} {
		config := DefaultConfig()
		if c.edit != nil {
			c.edit(&config)
		}
		l := Listeners{TCP: listenerAt(c.tcp), HTTP: listenerAt(c.http), Admin: listenerAt(c.admin)}
		var addresses []netip.Addr
		for a := range strings.FieldsSeq(c.network) {
			addresses = append(addresses, netip.MustParseAddr(a))
		}
		want := "partyline dev" + strings.ReplaceAll(c.want, "\n\t\t\t", "\n  ") + "\n  history   in memory; --data keeps it\n  stop      Ctrl-C\n\n"
		got := newGreeting(config, l, c.names, addresses)
		if got != want {
			t.Errorf("%s:\n%s, want\n%s", name, got, want)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if n := utf8.RuneCountInString(line); n > 40 && strings.Contains(line, " yet") || n > 80 {
				t.Errorf("%s: %q has %d columns", name, line, n)
			}
		}
	}
}

// TestGreetingHistory checks what the greeting says of the history and of redirects.
func TestGreetingHistory(t *testing.T) {
	l := Listeners{HTTP: listenerAt("192.0.2.7:443"), Redirect: listenerAt("192.0.2.7:80")}
	for want, edit := range map[string]func(*Config){
		"in memory; --data keeps it": func(*Config) {},
		"in /var/lib/partyline":      func(c *Config) { c.History.Dir = "/var/lib/partyline" },
		"none":                       func(c *Config) { c.History.Messages = 0 },
	} {
		c := DefaultConfig()
		edit(&c)
		if got := newGreeting(c, l, []string{"chat.example"}, nil); !strings.Contains(got, "\n  redirect  192.0.2.7:80\n  history   "+want+"\n") {
			t.Errorf("%s is missing in\n%s", want, got)
		}
	}
}

// TestNetworkAddresses checks that the addresses of the machine are those of a network, IPv4 first.
func TestNetworkAddresses(t *testing.T) {
	was6 := false
	for _, a := range networkAddresses() {
		if a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.Is4() && was6 {
			t.Errorf("%v is among them, after one of IPv6: %t", a, was6)
		}
		was6 = was6 || a.Is6()
	}
}
