package tcpgw

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"

	"partyline/hub"
	"partyline/hub/admission"
)

// behindProxy serves a hub with this machine as a proxy, and returns the address.
func behindProxy(t *testing.T, limits admission.Limits, timeout time.Duration) string {
	t.Helper()
	return serveAs(t, &Gateway{
		Hub:     hub.New(hub.Options{Limits: limits, Log: slog.New(slog.DiscardHandler)}),
		Proxies: admission.NewNetworks(netip.MustParsePrefix("127.0.0.0/8")), HeaderTimeout: timeout,
	})
}

// header returns a PROXY header of a version for an address.
func header(t *testing.T, version byte, from string) string {
	t.Helper()
	h := proxyproto.HeaderProxyFromAddrs(version,
		net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from)), net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.99:4000")))
	b, err := h.Format()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestProxyHeader connects with a PROXY header. The header is not a line, the input after it is,
// and the limits apply to the address in it.
func TestProxyHeader(t *testing.T) {
	for version, parts := range map[byte][]int{1: {1, 7, 1000}, 2: {1, 7, 1000}} {
		for _, part := range parts {
			t.Run(fmt.Sprintf("version %d in parts of %d", version, part), func(t *testing.T) {
				t.Parallel()
				addr := behindProxy(t, admission.Limits{PerAddress: 1}, 20*time.Second)
				dial := func(from string) *bufio.Reader {
					c, err := net.Dial("tcp", addr)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { c.Close() })
					c.SetDeadline(time.Now().Add(20 * time.Second))
					all := header(t, version, from) + "hello\nand more\n"
					for len(all) > 0 {
						n := min(part, len(all))
						if _, err := io.WriteString(c, all[:n]); err != nil {
							t.Fatal(err)
						}
						all = all[n:]
					}
					return bufio.NewReader(c)
				}
				expect := func(r *bufio.Reader, want string) {
					t.Helper()
					line, err := r.ReadString('\n')
					if err != nil || !strings.Contains(line, want) {
						t.Fatalf("%q, %v; want %q", line, err, want)
					}
				}
				first := dial("203.0.113.7:1234")
				expect(first, "* You are ")
				expect(first, ": hello\n")
				expect(first, ": and more\n")
				expect(dial("203.0.113.7:1235"), "! "+admission.ErrAddressFull.Error())
				expect(dial("203.0.113.8:1234"), "* You are ")
			})
		}
	}
}

// TestProxyInvalidHeader checks that a proxy's connection is closed if it has no valid header.
func TestProxyInvalidHeader(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":           "",
		"a line":            "hello\n",
		"half a header":     "PROXY TCP4 203.0.113.7",
		"a bad address":     "PROXY TCP4 nonsense 192.0.2.1 1 2\r\n",
		"an endless one":    "PROXY " + strings.Repeat("x", 10_000),
		"half of version 2": signature + "\x21\x11\x00",
		"a Unix socket":     signature + "\x21\x31\x00\xd8" + strings.Repeat("/", 216),
		"no address":        signature + "\x21\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", behindProxy(t, admission.Limits{}, 100*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			io.WriteString(conn, sent)
			line, err := bufio.NewReader(conn).ReadString('\n')
			if line != "" || err == nil {
				t.Errorf("it reads %q, %v", line, err)
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("it is not closed")
			}
		})
	}
}

// signature is the start of a header of version 2.
const signature = "\r\n\r\n\x00\r\nQUIT\n"

// TestProxyLocal connects as a proxy that checks the server's health. It reads EOF, not a reset.
func TestProxyLocal(t *testing.T) {
	for name, sent := range map[string]string{
		"LOCAL":                 signature + "\x20\x00\x00\x00",
		"LOCAL with an address": signature + "\x20\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x01\x00\x01\x00\x02",
		"UNKNOWN":               "PROXY UNKNOWN\r\n",
		"UNKNOWN with more":     "PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n",
	} {
		for _, more := range []string{"", "hello\n"} {
			t.Run(fmt.Sprintf("%s, %q", name, more), func(t *testing.T) {
				t.Parallel()
				conn, err := net.Dial("tcp", behindProxy(t, admission.Limits{}, 20*time.Second))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(20 * time.Second))
				io.WriteString(conn, sent+more)
				if received, err := io.ReadAll(conn); len(received) > 0 || err != nil {
					t.Errorf("it reads %q, %v", received, err)
				}
			})
		}
	}
}

// TestIsProxy checks IPv4 addresses of a dual-stack socket, and IPv6 addresses with a zone, against
// the networks of proxies.
func TestIsProxy(t *testing.T) {
	g := &Gateway{Proxies: admission.NewNetworks(netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("fe80::/10"))}
	for from, want := range map[string]bool{
		"192.0.2.1:1": true, "[::ffff:192.0.2.1]:1": true, "[fe80::1]:1": true, "[fe80::1%eth0]:1": true,
		"192.0.3.1:1": false, "[::ffff:192.0.3.1]:1": false, "[2001:db8::1]:1": false,
	} {
		addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))
		if got := g.isProxy(addr); got != want {
			t.Errorf("%s: isProxy is %t", from, got)
		}
	}
}
