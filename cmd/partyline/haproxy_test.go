package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// countingListener counts the connections that it accepts.
type countingListener struct {
	net.Listener
	accepted atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return c, err
}

// startHAProxy starts HAProxy on a free port before a server, with options for its server line.
func startHAProxy(t *testing.T, server, options string) (addr string, p *process) {
	t.Helper()
	path := needProgram(t, "haproxy", "/usr/sbin/haproxy")
	addr = freeAddr(t)
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	err := os.WriteFile(file, fmt.Appendf(nil, `
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen partyline
    bind %s
    server partyline %s inter 50ms %s
`, addr, server, options), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	p = start(t, path, "-db", "-f", file)
	if !eventually(func() bool { return answers(addr) }) {
		t.Fatalf("HAProxy does not start:\n%s", p.err)
	}
	return addr, p
}

// TestProbes has HAProxy check the server, and something connect and close again: the room
// hears nothing of it. It hears a client that a proxy forwards, though.
func TestProbes(t *testing.T) {
	for name, c := range map[string]struct {
		proxied bool // the server wants PROXY headers
		proxy   func(t *testing.T, server string) (addr string, check func())
	}{
		"HAProxy":              {false, haproxyWith("check")},
		"HAProxy, PROXY v1":    {true, haproxyWith("check check-send-proxy send-proxy")},
		"HAProxy, PROXY v2":    {true, haproxyWith("check check-send-proxy send-proxy-v2")},
		"nginx, PROXY":         {true, nginxWith("proxy_protocol on;")},
		"nginx":                {false, nginxWith("")},
		"connecting, no proxy": {false, func(_ *testing.T, server string) (string, func()) { return server, func() {} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := configAt("127.0.0.1:0", "127.0.0.1:0")
			if c.proxied {
				conf.limits.proxies = []string{"127.0.0.1"}
			}
			l, err := listen(conf)
			if err != nil {
				t.Fatal(err)
			}
			counting := &countingListener{Listener: l.tcp}
			l.tcp = counting
			s := serveOn(t, conf, l)
			dialed := dial(t, s.tcp)
			if c.proxied {
				io.WriteString(dialed, "PROXY TCP4 203.0.113.7 127.0.0.1 1000 4000\r\n")
			}
			member := &caller{dialed, newFeed[string]()}
			go readLines(dialed, member.out)
			expectLine(t, member.out, welcomed)

			addr, check := c.proxy(t, s.tcp)
			enough := eventually(func() bool {
				answers(addr)
				time.Sleep(50 * time.Millisecond) // as a check has its interval
				return counting.accepted.Load() >= 20
			})
			if !enough {
				t.Errorf("%d connections came", counting.accepted.Load())
			}
			check()
			visitor := call(t, addr)
			nick := expectLine(t, visitor.out, welcomed)[0]
			visitor.say(t, "hello")
			expectLine(t, visitor.out, nick+": hello")
			if got := expectLine(t, member.out, "(.*)")[0]; got != "* "+nick+" has arrived" {
				t.Errorf("the room hears %q", got)
			}
			if got := expectLine(t, member.out, "(.*)")[0]; got != nick+": hello" {
				t.Errorf("the room hears %q", got)
			}
		})
	}
}

// haproxyWith returns how to start HAProxy with options for its server line. check checks that
// it found the server up each time.
func haproxyWith(options string) func(*testing.T, string) (string, func()) {
	return func(t *testing.T, server string) (string, func()) {
		addr, p := startHAProxy(t, server, options)
		return addr, func() {
			if n := p.err.count(func(line string) bool { return strings.Contains(line, "DOWN") }); n > 0 {
				t.Errorf("HAProxy finds the server down:\n%s", p.err)
			}
		}
	}
}

func nginxWith(option string) func(*testing.T, string) (string, func()) {
	return func(t *testing.T, addr string) (string, func()) {
		n := startNginxWith(t, &server{tcp: addr, http: addr}, freeAddr(t), freeAddr(t), map[string]string{"#   proxy_protocol on;": option})
		return n.tcp, func() {}
	}
}
