//go:build unix

package proxy

import (
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/certs/certstest"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
	"partyline/web"
)

// A site has a certificate for localhost and 127.0.0.1.
type site struct {
	pem    []byte       // the certificate and its key
	caFile string       // the authority
	flags  []string     // that give the certificate to the program
	client *http.Client // trusts the authority, and follows no redirects
}

func newSite(t *testing.T) *site {
	t.Helper()
	ca, dir := certstest.NewAuthority(t), harness.PublicFolder(t)
	cert, key := ca.IssueNow(t, "localhost", "127.0.0.1")
	certFile, keyFile := certstest.Write(t, t.TempDir(), cert, key)
	s := &site{
		pem: slices.Concat(cert, key), caFile: filepath.Join(dir, "ca.pem"),
		flags: []string{"--tls-cert", certFile, "--tls-key", keyFile},
		client: &http.Client{
			Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Timeout:       harness.Patience,
		},
	}
	if err := os.WriteFile(s.caFile, ca.PEM(), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

// relay has socat forward connections to addr, from 127.0.0.7, and returns the address to connect to. A
// browser can't choose the address that it connects from.
func relay(t *testing.T, addr string) string {
	t.Helper()
	own := harness.FreeAddr(t)
	host, port, _ := net.SplitHostPort(own)
	p := harness.Start(t, harness.NeedProgram(t, "socat"), "TCP-LISTEN:"+port+",bind="+host+",fork", "TCP:"+addr+",bind=127.0.0.7")
	if !harness.Eventually(func() bool { return harness.Accepts(own) }) {
		t.Fatalf("socat does not forward:\n%s", p.Err)
	}
	return own
}

// netcatTLS starts a program that connects over TLS from 127.0.0.8, and checks the certificate. It
// returns the process and the nickname with which it joins.
func (s *site) netcatTLS(t *testing.T, program, addr string) (p *harness.Process, nick string) {
	t.Helper()
	path := harness.NeedProgram(t, program)
	if program == "openssl" {
		p = harness.Start(t, path, "s_client", "-quiet", "-verify_return_error", "-verify_ip", "127.0.0.1",
			"-CAfile", s.caFile, "-bind", "127.0.0.8:0", "-connect", addr)
	} else {
		_, port, _ := net.SplitHostPort(addr)
		p = harness.Start(t, path, "-4", "--ssl-verify", "--ssl-trustfile", s.caFile, "-s", "127.0.0.8", "localhost", port)
	}
	p.Say(t, "/rooms") // a client that sends nothing joins after a second
	return p, harness.ExpectLine(t, p.Out, harness.WelcomeLine)[0]
}

// TestRoomOverTLS has each proxy end TLS for a browser, and for netcat if it can. Otherwise netcat
// connects to the program over TLS. They receive all messages in one order, and the log has their
// addresses.
func TestRoomOverTLS(t *testing.T) {
	for _, c := range []struct {
		proxy  *proxies.Software
		netcat string
	}{{proxies.Nginx, "ncat"}, {proxies.HAProxy, "openssl"}, {proxies.Caddy, "openssl"}} {
		t.Run(c.proxy.Name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			flags := []string{"--proxy", "127.0.0.1"}
			if !c.proxy.RawTCP {
				flags = append(flags, s.flags...)
			}
			p := harness.StartProgram(t, flags...)
			n := c.proxy.StartSecure(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, s.pem, sendingPROXY(c.proxy))
			chat := n.TLS
			if !c.proxy.RawTCP {
				chat = p.TCP
			}
			nc, nick := s.netcatTLS(t, c.netcat, chat)
			harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=`+nick+` transport=tcp addr=127\.0\.0\.8:\d+ .*`)
			page := browser.Open(t, "https://"+relay(t, n.HTTPS)+"/")
			harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=`+page.Nick()+` transport=ws addr=127\.0\.0\.7:\d+ .*`)

			want := []string{"b0", "b1", "b2", "b3", "b4", "n0", "n1", "n2", "n3", "n4"}
			for i := range 5 {
				nc.Say(t, want[5+i])
				page.Say(want[i])
			}
			var got []string
			for range want {
				got = append(got, harness.ExpectLine(t, nc.Out, `\S+: ([bn]\d)`)[0])
			}
			page.ExpectPending()
			page.ExpectMessages(got)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("netcat received %q", got)
			}
		})
	}
}

// TestPageOverTLS opens the page through proxies that use TLS to reach the program, that pass on the
// TLS of the browser, and that end it without speaking HTTP. The log has the address of the browser.
// If the program knows that the browser uses TLS, a page without TLS is another site.
func TestPageOverTLS(t *testing.T) {
	harness.SkipIfShort(t)
	s := newSite(t)
	https := func(n *proxies.Proxy) string { return n.HTTPS }
	tls := func(n *proxies.Proxy) string { return n.TLS }
	tcp := func(n *proxies.Proxy) string { return n.TCP }
	reportTLS := map[string]string{" send-proxy-v2\n": " send-proxy-v2-ssl\n"}
	for _, c := range []struct {
		name    string
		proxy   *proxies.Software
		changes map[string]string
		header  string // of the proxy
		secure  bool   // the program has a certificate
		addr    func(*proxies.Proxy) string
	}{
		{"nginx, TLS to the program", proxies.Nginx, map[string]string{
			"proxy_pass http://partyline;": "proxy_pass https://partyline; proxy_ssl_name localhost; proxy_ssl_verify on; proxy_ssl_trusted_certificate " + s.caFile + ";",
		}, web.XForwardedFor, true, https},
		{"HAProxy, TLS to the program", proxies.HAProxy, map[string]string{
			"timeout tunnel 90s": "timeout tunnel 90s\n    default-server ssl verify required verifyhost localhost ca-file " + s.caFile,
		}, web.XForwardedFor, true, https},
		{"Caddy, TLS to the program", proxies.Caddy, map[string]string{
			"\ttransport http {": "\ttransport http {\n\t\t\ttls\n\t\t\ttls_server_name localhost\n\t\t\ttls_trusted_ca_certs " + s.caFile,
		}, web.XForwardedFor, true, https},
		{"nginx, TLS passed on", proxies.Nginx, proxies.NginxSendsPROXY, web.PROXY, true, tcp},
		{"HAProxy, TLS passed on", proxies.HAProxy, nil, web.PROXY, true, tcp},
		{"HAProxy, TLS passed on, fields", proxies.HAProxy, reportTLS, web.PROXY, true, tcp},
		{"HAProxy, TLS ended", proxies.HAProxy, reportTLS, web.PROXY, false, tls},
		{"HAProxy, TLS ended, required", proxies.HAProxy, reportTLS, web.PROXY, true, tls},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flags := []string{"--proxy", "127.0.0.1", "--proxy-header", c.header}
			if c.secure {
				flags = append(flags, s.flags...)
			}
			p := harness.StartProgram(t, flags...)
			server := &harness.Server{TCP: p.TCP, HTTP: p.HTTP}
			if c.header == web.PROXY { // the proxy forwards raw TCP to the HTTP server
				server.TCP = p.HTTP
			}
			n := c.proxy.StartSecure(t, server, s.pem, c.changes)
			addr := relay(t, c.addr(n))
			page := browser.Open(t, "https://"+addr+"/")
			harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=`+page.Nick()+` transport=ws addr=127\.0\.0\.7:\d+ .*`)
			page.Say("hello")
			page.ExpectPending()
			page.ExpectMessages([]string{"hello"})

			dial := &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"http://" + addr}}, HTTPClient: s.client}
			_, res, err := harness.DialWebSocket(t, "wss://"+addr+"/ws", dial)
			if res == nil || res.StatusCode != http.StatusForbidden || res.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("a page without TLS gets %v, %v", res, err)
			}
		})
	}
}

// TestNetcatOverTLS connects netcat through proxies that pass on its TLS, and that end it and use TLS
// to reach the program. The log has the address of netcat.
func TestNetcatOverTLS(t *testing.T) {
	s := newSite(t)
	p := harness.StartProgram(t, append([]string{"--proxy", "127.0.0.1"}, s.flags...)...)
	for _, c := range []struct {
		name    string
		proxy   *proxies.Software
		changes map[string]string
		ended   bool
	}{
		{"nginx, passed on", proxies.Nginx, proxies.NginxSendsPROXY, false},
		{"HAProxy, passed on", proxies.HAProxy, nil, false},
		{"nginx, TLS to the program", proxies.Nginx, map[string]string{
			"#   proxy_protocol on;": "proxy_protocol on; proxy_ssl on; proxy_ssl_name localhost; proxy_ssl_verify on; proxy_ssl_trusted_certificate " + s.caFile + ";",
		}, true},
		{"HAProxy, TLS to the program", proxies.HAProxy, map[string]string{
			" send-proxy-v2\n": " send-proxy-v2 ssl verify required verifyhost localhost ca-file " + s.caFile + "\n",
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := c.proxy.StartSecure(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, s.pem, c.changes)
			addr := n.TCP
			if c.ended {
				addr = n.TLS
			}
			nc, nick := s.netcatTLS(t, "openssl", addr)
			harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=`+nick+` transport=tcp addr=127\.0\.0\.8:\d+ .*`)
			nc.Say(t, "hello")
			harness.ExpectLine(t, nc.Out, nick+": hello")
		})
	}
}

// TestReportedTLS has HAProxy say in a PROXY header whether a client uses TLS, which HAProxy ends.
// Another client of the same program uses none.
func TestReportedTLS(t *testing.T) {
	s := newSite(t)
	for _, secure := range []bool{false, true} {
		flags, plain := []string{"--proxy", "127.0.0.1", "--proxy-header", web.PROXY}, http.StatusOK
		if secure {
			flags, plain = append(flags, s.flags...), http.StatusPermanentRedirect
		}
		p := harness.StartProgram(t, flags...)
		n := proxies.HAProxy.StartSecure(t, &harness.Server{TCP: p.HTTP, HTTP: p.HTTP}, s.pem, map[string]string{" send-proxy-v2\n": " send-proxy-v2-ssl\n"})
		for url, want := range map[string]struct {
			status int
			hsts   bool
		}{
			"https://" + n.TLS: {http.StatusOK, true},
			"http://" + n.TCP:  {plain, false},
		} {
			res, err := s.client.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if hsts := res.Header.Get("Strict-Transport-Security") != ""; res.StatusCode != want.status || hsts != want.hsts {
				t.Errorf("%s, with a certificate %t: %s, %v", url, secure, res.Status, res.Header)
			}
		}
	}
}
