//go:build unix

package proxy

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
	"partyline/web"
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

// TestTCPHealthChecks opens and closes connections, as the health checks of HAProxy do. The room receives no
// joins or leaves for them. It receives the join of a client that connects through the proxy.
func TestTCPHealthChecks(t *testing.T) {
	harness.SkipIfShort(t)
	for name, c := range map[string]struct {
		proxied bool // the server requires PROXY headers
		proxy   func(t *testing.T, server string) (addr string, check func())
	}{
		"HAProxy":           {false, haproxyWith("check")},
		"HAProxy, PROXY v1": {true, haproxyWith("check check-send-proxy send-proxy")},
		"HAProxy, PROXY v2": {true, haproxyWith("check check-send-proxy send-proxy-v2")},
		"nginx, PROXY":      {true, nginxWith(proxies.NginxSendsPROXY)},
		"nginx":             {false, nginxWith(nil)},
		"no proxy":          {false, func(_ *testing.T, server string) (string, func()) { return server, func() {} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := harness.ConfigAt("127.0.0.1:0", "127.0.0.1:0")
			if c.proxied {
				conf.Limits.Proxies = []string{"127.0.0.1"}
			}
			l, err := app.Listen(conf)
			if err != nil {
				t.Fatal(err)
			}
			counting := &countingListener{Listener: l.TCP}
			l.TCP = counting
			s := harness.ServeOn(t, conf, l)
			dialed := harness.Dial(t, s.TCP)
			if c.proxied {
				io.WriteString(dialed, "PROXY TCP4 203.0.113.7 127.0.0.1 1000 4000\r\n")
			}
			member := harness.ReadText(dialed)
			harness.ExpectLine(t, member.Out, harness.WelcomeLine)

			addr, check := c.proxy(t, s.TCP)
			checked := harness.Eventually(func() bool {
				harness.Accepts(addr)
				time.Sleep(20 * time.Millisecond) // the interval of a health check
				return counting.accepted.Load() >= 20
			})
			if !checked {
				t.Errorf("%d connections arrived", counting.accepted.Load())
			}
			check()
			visitor := harness.DialText(t, addr)
			nick := harness.ExpectLine(t, visitor.Out, harness.WelcomeLine)[0]
			visitor.Say(t, "hello")
			harness.ExpectLine(t, visitor.Out, nick+": hello")
			if got := harness.ExpectLine(t, member.Out, "(.*)")[0]; got != "* "+nick+" has arrived" {
				t.Errorf("the member receives %q", got)
			}
			if got := harness.ExpectLine(t, member.Out, "(.*)")[0]; got != nick+": hello" {
				t.Errorf("the member receives %q", got)
			}
		})
	}
}

// TestHTTPHealthChecks has HAProxy check the HTTP server, which requires PROXY headers or does not,
// and requires TLS or does not. No check fails, and the log has no warning.
func TestHTTPHealthChecks(t *testing.T) {
	harness.SkipIfShort(t)
	secured := newSite(t)
	for _, c := range []struct {
		name, header, options string
		flags                 []string
	}{
		{"PROXY", web.PROXY, "check check-send-proxy send-proxy-v2", nil},
		{"X-Forwarded-For", web.XForwardedFor, "check", nil},
		{"PROXY, TLS required", web.PROXY, "check check-send-proxy send-proxy-v2", secured.flags},
		{"PROXY, TLS", web.PROXY, "check check-send-proxy send-proxy-v2 check-ssl verify required ca-file " + secured.caFile, secured.flags},
		{"X-Forwarded-For, TLS required", web.XForwardedFor, "check", secured.flags},
		{"X-Forwarded-For, TLS", web.XForwardedFor, "check check-ssl verify required ca-file " + secured.caFile, secured.flags},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := harness.StartProgram(t, append([]string{"--proxy", "127.0.0.1", "--proxy-header", c.header, "--log-level", "debug"}, c.flags...)...)
			n := proxies.HAProxy.Start(t, &harness.Server{TCP: p.HTTP, HTTP: p.HTTP}, map[string]string{
				" send-proxy-v2\n": " inter 1s " + c.options + "\n", "mode tcp\n": "mode tcp\n    timeout check 20s\n    option httpchk GET /healthz\n",
			})
			for range 5 {
				harness.ExpectLine(t, p.Err, `.* msg="client address" transport=http addr=127\.0\.0\.1:\d+ source=connection`)
			}
			for log, word := range map[*harness.Feed[string]]string{n.Err: "DOWN", p.Err: "level=WARN"} {
				if log.Count(func(line string) bool { return strings.Contains(line, word) }) > 0 {
					t.Errorf("the log has:\n%s", log)
				}
			}
		})
	}
}

// haproxyWith returns a function that starts HAProxy with options for its server line. Its second
// result checks that all health checks of HAProxy succeeded.
func haproxyWith(options string) func(*testing.T, string) (string, func()) {
	return func(t *testing.T, server string) (string, func()) {
		p := proxies.HAProxy.Start(t, &harness.Server{TCP: server, HTTP: server}, map[string]string{" send-proxy-v2\n": " inter 20ms " + options + "\n"})
		return p.TCP, func() {
			if n := p.Err.Count(func(line string) bool { return strings.Contains(line, "DOWN") }); n > 0 {
				t.Errorf("HAProxy reports that the server is down:\n%s", p.Err)
			}
		}
	}
}

// nginxWith returns a function that starts nginx with changes.
func nginxWith(changes map[string]string) func(*testing.T, string) (string, func()) {
	return func(t *testing.T, server string) (string, func()) {
		return proxies.Nginx.Start(t, &harness.Server{TCP: server, HTTP: server}, changes).TCP, func() {}
	}
}
