package operate

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// handshakeAs requests /ws with the same host in Host and Origin, and returns the status of the
// answer.
func handshakeAs(t *testing.T, addr, host, more string) int {
	t.Helper()
	c := harness.Dial(t, addr)
	c.SetDeadline(time.Now().Add(harness.Patience))
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: %s\r\nOrigin: http://%[1]s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", host, more)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%s: %v", host, err)
	}
	return res.StatusCode
}

// TestDNSRebinding simulates DNS rebinding. A page whose name was rebound to a server on this machine
// has an Origin that equals its Host, and is refused.
func TestDNSRebinding(t *testing.T) {
	const forwarded = "X-Forwarded-For: 203.0.113.7\r\n"
	for name, c := range map[string]struct {
		http    string
		hosts   []string
		proxies []string
		host    string
		more    string
		want    int
	}{
		"rebound":                       {"127.0.0.1:0", nil, nil, "evil.example", "", 421},
		"rebound, with the port":        {"127.0.0.1:0", nil, nil, "evil.example:8080", "", 421},
		"rebound, with a proxy":         {"127.0.0.1:0", nil, []string{"127.0.0.1"}, "evil.example", "", 421},
		"localhost":                     {"127.0.0.1:0", nil, nil, "localhost:8080", "", 101},
		"the address":                   {"127.0.0.1:0", nil, nil, "127.0.0.1:8080", "", 101},
		"forwarded":                     {"127.0.0.1:0", nil, []string{"127.0.0.1"}, "chat.example.com", forwarded, 101},
		"forwarded, but not by a proxy": {"127.0.0.1:0", nil, nil, "chat.example.com", forwarded, 421},
		"named":                         {"127.0.0.1:0", []string{"chat.example.com"}, nil, "chat.example.com", "", 101},
		"another name":                  {"127.0.0.1:0", []string{"chat.example.com"}, nil, "evil.example", "", 421},
		"open to all":                   {":0", nil, nil, "chat.example.com", "", 101},
		"open to all, and named":        {":0", []string{"chat.example.com"}, nil, "chat.example.com", "", 101},
		"open to all, by another name":  {":0", []string{"chat.example.com"}, nil, "evil.example", "", 421},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := harness.ConfigAt("", c.http)
			cfg.Hosts, cfg.Limits.Proxies = c.hosts, c.proxies
			l, err := app.Listen(cfg)
			if err != nil {
				t.Fatal(err)
			}
			harness.ServeOn(t, cfg, l)
			addr := fmt.Sprint("127.0.0.1:", l.HTTP.Addr().(*net.TCPAddr).Port)
			if got := handshakeAs(t, addr, c.host, c.more); got != c.want {
				t.Errorf("got status %d, want %d", got, c.want)
			}
		})
	}
}
