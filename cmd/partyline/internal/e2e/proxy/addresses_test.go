//go:build unix

package proxy

import (
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
	"partyline/web"
)

// forged has each header in which proxies report addresses, as a client sends it. It also asks the
// proxy to remove these headers (RFC 9110 section 7.6.1).
const forged = "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\n" +
	"Connection: X-Forwarded-For, Forwarded, X-Real-IP\r\n"

// upgrade is a request for a WebSocket, with a nickname to add and without its end.
const upgrade = "GET /ws?nick=%s HTTP/1.1\r\nHost: chat.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// dialFrom connects from 127.0.0.7.
func dialFrom(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 7)}, Timeout: harness.Patience}
	conn, err := from.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// sendingPROXY returns the changes that make a proxy send PROXY headers over raw TCP.
func sendingPROXY(s *proxies.Software) map[string]string {
	if s == proxies.Nginx {
		return proxies.NginxSendsPROXY
	}
	return nil
}

// TestAddresses connects through each proxy, with forged headers. The log has the address that the
// proxy reports, and at debug level the header or the connection that has it.
func TestAddresses(t *testing.T) {
	p := harness.StartProgram(t, "--proxy", "127.0.0.1", "--log-level", "debug")
	for _, s := range proxies.All {
		t.Run(s.Name, func(t *testing.T) {
			n := s.Start(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, sendingPROXY(s))
			fmt.Fprintf(dialFrom(t, n.HTTP), upgrade+forged+"\r\n", "web-"+s.Name)
			harness.ExpectLine(t, p.Err, `.*level=DEBUG msg="client address" transport=http addr=127\.0\.0\.7:\d+ source=X-Forwarded-For proxy=127\.0\.0\.1:\d+`)
			harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=web-`+s.Name+` transport=ws addr=127\.0\.0\.7:\d+ .*`)
			if !s.RawTCP {
				return
			}
			c := harness.ReadText(dialFrom(t, n.TCP))
			nick := harness.ExpectLine(t, c.Out, harness.WelcomeLine)[0]
			c.Say(t, "hello through "+s.Name) // a client that sends nothing joins after a second
			harness.ExpectLine(t, p.Err, `.*level=DEBUG msg="client address" transport=tcp addr=127\.0\.0\.7:\d+ source=PROXY proxy=127\.0\.0\.1:\d+`)
			harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=`+nick+` transport=tcp addr=127\.0\.0\.7:\d+ .*`)
			harness.ExpectLine(t, c.Out, nick+": hello through "+s.Name)
		})
	}
}

// TestAddressesOverUnix connects through nginx, which reaches the program over unix sockets.
func TestAddressesOverUnix(t *testing.T) {
	dir := harness.PublicFolder(t)
	p := harness.StartProgram(t, "--tcp", "unix:"+dir+"/chat.sock", "--http", "unix:"+dir+"/web.sock",
		"--unix-mode", "0666", "--proxy", "unix")
	n := proxies.Nginx.Start(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, proxies.NginxSendsPROXY)
	fmt.Fprintf(dialFrom(t, n.HTTP), upgrade+forged+"\r\n", "webby")
	harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=webby transport=ws addr=127\.0\.0\.7:\d+ .*`)
	c := harness.ReadText(dialFrom(t, n.TCP))
	nick := harness.ExpectLine(t, c.Out, harness.WelcomeLine)[0]
	c.Say(t, "hello through nginx")
	harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=`+nick+` transport=tcp addr=127\.0\.0\.7:\d+ .*`)
	harness.ExpectLine(t, c.Out, nick+": hello through nginx")
}

// TestProxyHeaders has proxies report clients in other ways than by default.
func TestProxyHeaders(t *testing.T) {
	const nginxSets = "proxy_set_header X-Forwarded-For $remote_addr;"
	const haproxySets = "http-request set-header X-Forwarded-For %[src]"
	for _, c := range []struct {
		name    string
		proxy   *proxies.Software
		header  string
		changes map[string]string
	}{
		{"nginx, X-Real-IP", proxies.Nginx, web.XRealIP, map[string]string{nginxSets: "proxy_set_header X-Real-IP $remote_addr;"}},
		{"nginx, Forwarded", proxies.Nginx, web.Forwarded, map[string]string{nginxSets: `proxy_set_header Forwarded "$http_forwarded, for=\"$remote_addr:$remote_port\";proto=$scheme";`}},
		{"nginx, appended", proxies.Nginx, web.XForwardedFor, map[string]string{nginxSets: "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"}},
		{"nginx, PROXY", proxies.Nginx, web.PROXY, map[string]string{"#   proxy_protocol on;": "proxy_protocol on;"}},
		{"HAProxy, forwardfor", proxies.HAProxy, web.XForwardedFor, map[string]string{haproxySets: "option forwardfor"}},
		{"HAProxy, Forwarded", proxies.HAProxy, web.Forwarded, map[string]string{haproxySets: `http-request add-header Forwarded "for=\"%[src]:%[src_port]\";proto=http"`}},
		{"HAProxy, X-Real-IP", proxies.HAProxy, web.XRealIP, map[string]string{haproxySets: "http-request set-header X-Real-IP %[src]"}},
		{"HAProxy, PROXY v1", proxies.HAProxy, web.PROXY, map[string]string{" send-proxy-v2\n": " send-proxy\n"}},
		{"HAProxy, PROXY v2", proxies.HAProxy, web.PROXY, nil},
		{"HAProxy, PROXY v2 over HTTP", proxies.HAProxy, web.PROXY, map[string]string{"timeout tunnel 90s": "timeout tunnel 90s\n    default-server send-proxy-v2"}},
		{"Caddy, X-Real-IP", proxies.Caddy, web.XRealIP, map[string]string{"\ttransport http {": "\theader_up X-Real-IP {remote_host}\n\t\ttransport http {"}},
		{"Caddy, Forwarded", proxies.Caddy, web.Forwarded, map[string]string{"\ttransport http {": "\theader_up Forwarded for={remote}\n\t\ttransport http {"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := harness.StartProgram(t, "--proxy", "127.0.0.1", "--proxy-header", c.header)
			server := &harness.Server{TCP: p.TCP, HTTP: p.HTTP}
			raw := c.header == web.PROXY && !strings.Contains(c.name, "over HTTP")
			if raw { // the proxy forwards raw TCP to the HTTP server
				server.TCP = p.HTTP
			}
			n := c.proxy.Start(t, server, c.changes)
			addr := n.HTTP
			if raw {
				addr = n.TCP
			}
			fmt.Fprintf(dialFrom(t, addr), upgrade+forged+"\r\n", "webby")
			harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=webby transport=ws addr=127\.0\.0\.7:\d+ .*`)
		})
	}
}

// TestAddressLimits connects through each proxy from addresses outside of this machine. The limits
// apply to these addresses.
func TestAddressLimits(t *testing.T) {
	for _, s := range proxies.All {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			server := harness.StartServer(t, func(c *app.Config) {
				c.Limits.Proxies = []string{"127.0.0.1"}
				c.Limits.MaxPerAddress = 1
			})
			changes := maps.Clone(s.Trusting)
			maps.Copy(changes, sendingPROXY(s))
			n := s.Start(t, server, changes)
			dialHTTP := func(from string) *harness.Feed[string] {
				first, header := s.Claim(from)
				conn := harness.Dial(t, n.HTTP)
				fmt.Fprintf(conn, first+upgrade+header+"\r\n", "")
				return harness.ReadText(conn).Out
			}
			harness.ExpectLine(t, dialHTTP("203.0.113.7"), `HTTP/1\.1 101 .*`)
			harness.ExpectLine(t, dialHTTP("203.0.113.7"), `HTTP/1\.1 429 .*`)
			harness.ExpectLine(t, dialHTTP("203.0.113.8"), `HTTP/1\.1 101 .*`)
			if !s.RawTCP {
				return
			}
			dialTCP := func(from string) *harness.Feed[string] {
				first, _ := s.Claim(from)
				conn := harness.Dial(t, n.TCP)
				io.WriteString(conn, first)
				return harness.ReadText(conn).Out
			}
			harness.ExpectLine(t, dialTCP("203.0.113.8"), "! too many connections from your address.*")
			harness.ExpectLine(t, dialTCP("203.0.113.9"), harness.WelcomeLine)
		})
	}
}

// TestForgedAddresses connects without a proxy, with forged headers. The log has the real address.
func TestForgedAddresses(t *testing.T) {
	for _, header := range []string{web.XForwardedFor, web.Forwarded, web.XRealIP, web.PROXY} {
		p := harness.StartProgram(t, "--proxy", "192.0.2.1", "--proxy-header", header, "--host", "chat.example")
		fmt.Fprintf(dialFrom(t, p.HTTP), upgrade+forged+"\r\n", "webby")
		harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=webby transport=ws addr=127\.0\.0\.7:[1-9]\d* .*`)
		first, _ := proxies.HAProxy.Claim("203.0.113.9")
		for addr, answer := range map[string]string{p.HTTP: `HTTP/1\.1 400 .*`, p.TCP: ".*PROXY header.*"} {
			conn := dialFrom(t, addr)
			fmt.Fprintf(conn, first+upgrade+"\r\n", "forger")
			harness.ExpectLine(t, harness.ReadText(conn).Out, answer)
		}
	}
}
