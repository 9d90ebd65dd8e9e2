package listening

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/certs/certstest"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// serverNames are the names in the certificate of a secured program.
var serverNames = []string{"localhost", "chat.example", "127.0.0.1"}

// secured is the program with a certificate.
type secured struct {
	*harness.Program
	ca     *certstest.Authority
	caFile string
	dir    string // of the certificate
}

// startSecured starts the program with a new certificate.
func startSecured(t *testing.T, args ...string) *secured {
	t.Helper()
	ca := certstest.NewAuthority(t)
	cert, key := ca.IssueNow(t, serverNames...)
	return startSecuredWith(t, ca, cert, key, args...)
}

// startSecuredWith starts the program with a certificate of ca.
func startSecuredWith(t *testing.T, ca *certstest.Authority, cert, key []byte, args ...string) *secured {
	t.Helper()
	s := &secured{ca: ca, dir: t.TempDir()}
	s.caFile = filepath.Join(s.dir, "ca.pem")
	if err := os.WriteFile(s.caFile, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := certstest.Write(t, s.dir, cert, key)
	s.Program = harness.StartProgram(t, append([]string{"--tls-cert", certFile, "--tls-key", keyFile}, args...)...)
	return s
}

// client returns an HTTP client that trusts the certificate, and uses each connection once.
func (s *secured) client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.ca.Pool()}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       harness.Patience,
	}
}

// dial connects to addr over TLS.
func (s *secured) dial(t *testing.T, addr string, config *tls.Config) (*tls.Conn, error) {
	t.Helper()
	config.RootCAs = s.ca.Pool()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: harness.Patience}, "tcp", addr, config)
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// serial returns the serial number of the certificate that addr shows.
func (s *secured) serial(t *testing.T, addr string) string {
	t.Helper()
	c, err := s.dial(t, addr, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// renew writes a new certificate to the files, and returns its serial number.
func (s *secured) renew(t *testing.T) string {
	t.Helper()
	cert, key := s.ca.IssueNow(t, serverNames...)
	certstest.Write(t, s.dir, cert, key)
	block, _ := pem.Decode(cert)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return leaf.SerialNumber.String()
}

// talk starts partyline talk in a pipe.
func (s *secured) talk(t *testing.T, addr, nick string) *harness.Process {
	t.Helper()
	return harness.StartPartyline(t, []string{"XDG_STATE_HOME=" + t.TempDir(), "SSL_CERT_FILE=" + s.caFile}, "talk", addr, "--nick", nick)
}

// TestCurlTLS loads the page with curl, over TLS and by the redirects to it.
func TestCurlTLS(t *testing.T) {
	t.Parallel()
	s := startSecured(t, "--http-redirect", "127.0.0.1:0")
	redirect := harness.ExpectLine(t, s.Err, `.*msg=listening redirect=(\S+)`)[0]
	if n := s.Err.Count(regexp.MustCompile("http=.* try=https://" + regexp.QuoteMeta(s.HTTP) + "/$").MatchString); n != 1 {
		t.Errorf("the log is %s", s.Err)
	}
	curl := harness.NeedProgram(t, "curl")
	for _, addr := range []string{s.HTTP, redirect} {
		_, port, _ := net.SplitHostPort(addr)
		_, httpsPort, _ := net.SplitHostPort(s.HTTP)
		for _, scheme := range []string{"http", "https"} {
			if scheme == "https" && addr == redirect {
				continue
			}
			p := harness.Start(t, curl, "-sSL", "-D", "/dev/stderr", "--cacert", s.caFile,
				"--resolve", "chat.localhost:"+port+":127.0.0.1", "--resolve", "localhost:"+httpsPort+":127.0.0.1",
				fmt.Sprintf("%s://localhost:%s/?room=ops", scheme, port))
			harness.ExpectLine(t, p.Out, ".*<title>partyline</title>.*")
			if scheme == "http" {
				harness.ExpectLine(t, p.Err, "HTTP/1.1 308 .*")
				harness.ExpectLine(t, p.Err, "Location: https://localhost:"+httpsPort+`/\?room=ops.*`)
			}
			harness.ExpectLine(t, p.Err, "HTTP/1.1 200 .*")
		}
	}
}

// TestPageTLS opens the page in a browser, by an address without TLS, and talks to netcat.
func TestPageTLS(t *testing.T) {
	t.Parallel()
	s := startSecured(t)
	nc, nick := harness.Netcat(t, s.TCP)
	page := browser.Open(t, "http://"+s.HTTP+"/")
	page.Say("hello from a browser")
	harness.ExpectLine(t, nc.Out, page.Nick()+": hello from a browser")
	nc.Say(t, "hello from netcat")
	if got := page.Expect("hello from netcat"); got.From != nick {
		t.Errorf("the page shows %+v", got)
	}
}

// request sends a request over a connection, and returns the answer and its body.
func request(t *testing.T, c net.Conn, head string) (*http.Response, string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(harness.Patience))
	fmt.Fprint(c, strings.ReplaceAll(head, "\n", "\r\n"))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res, string(body)
}

// TestPlainRequests sends requests without TLS to the HTTP port, while silent connections are open.
func TestPlainRequests(t *testing.T) {
	onBoth(t, func(t *testing.T, address ...string) {
		testPlainRequests(t, startSecured(t, append(address, "--host", "chat.example")...))
	})
}

func testPlainRequests(t *testing.T, s *secured) {
	for range 100 {
		harness.Dial(t, s.HTTP)
	}
	const handshake = "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
	for _, c := range []struct {
		request, location string
		status            int
	}{
		{"GET /a?b HTTP/1.1\nHost: chat.example\n\n", "https://chat.example/a?b", 308},
		{"GET /ws HTTP/1.1\nHost: chat.example:8443\n" + handshake + "\n", "wss://chat.example:8443/ws", 308},
		{"POST / HTTP/1.1\nHost: chat.example\nContent-Length: 0\n\n", "", 400},
		{"GET / HTTP/1.1\nHost: evil.example\n\n", "", 421},
		{"GET /healthz HTTP/1.0\n\n", "", 200},
		{"GET nonsense HTTP/1.1\n\n", "", 400},
	} {
		res, body := request(t, harness.Dial(t, s.HTTP), c.request)
		if res.StatusCode != c.status || res.Header.Get("Location") != c.location || res.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%q: %s, %v, %q", c.request, res.Status, res.Header, body)
		}
		if c.location != "" && !strings.Contains(body, "requires TLS: use "+c.location) {
			t.Errorf("%q: %q", c.request, body)
		}
	}
	talk := s.talk(t, "ws://"+s.HTTP, "talker")
	harness.ExpectLine(t, talk.Err, `.*308 Permanent Redirect.*it redirects to wss://`+regexp.QuoteMeta(s.HTTP)+`/ws\S*: use that address.*`)
	c, err := s.dial(t, s.HTTP, &tls.Config{ServerName: "chat.example"})
	if err != nil {
		t.Fatal(err)
	}
	if res, _ := request(t, c, "GET / HTTP/1.1\nHost: chat.example\n\n"); res.StatusCode != 200 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("over TLS: %s, %v", res.Status, res.Header)
	}
}

// TestProxiedTLS connects as a proxy that passes TLS on and sends a PROXY header before it, to both
// ports. Without TLS such a client is redirected as without a proxy.
func TestProxiedTLS(t *testing.T) {
	onBoth(t, func(t *testing.T, address ...string) {
		testProxiedTLS(t, startSecured(t, append(address, "--proxy", "127.0.0.1", "--proxy-header", "PROXY")...))
	})
}

func testProxiedTLS(t *testing.T, s *secured) {
	const handshake = "GET /ws?nick=webby HTTP/1.1\nHost: chat.example\nOrigin: https://chat.example\nConnection: Upgrade\nUpgrade: websocket\n" +
		"Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n"
	proxied := func(addr, from string) net.Conn {
		c := harness.Dial(t, addr)
		fmt.Fprintf(c, "PROXY TCP4 %s 192.0.2.1 51234 443\r\n", from)
		return c
	}
	secure := tls.Client(proxied(s.HTTP, "203.0.113.7"), &tls.Config{RootCAs: s.ca.Pool(), ServerName: "chat.example"})
	secure.SetDeadline(time.Now().Add(harness.Patience))
	fmt.Fprint(secure, strings.ReplaceAll(handshake, "\n", "\r\n"))
	if res, err := http.ReadResponse(bufio.NewReader(secure), nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", res, err)
	}
	harness.ExpectLine(t, s.Err, `.*msg="member joined" nick=webby transport=ws addr=203\.0\.113\.7:51234 .*`)

	res, _ := request(t, proxied(s.HTTP, "203.0.113.8"), "GET / HTTP/1.1\nHost: chat.example\n\n")
	if res.StatusCode != http.StatusPermanentRedirect {
		t.Errorf("without TLS: %s", res.Status)
	}

	overTCP := tls.Client(proxied(s.TCP, "203.0.113.9"), &tls.Config{RootCAs: s.ca.Pool(), ServerName: "chat.example"})
	fmt.Fprintln(overTCP, "hello")
	harness.ExpectLine(t, s.Err, `.*msg="member joined" .* transport=tcp addr=203\.0\.113\.9:51234 .*`)
}

// TestTLSVersions offers versions of TLS and protocols inside of it.
func TestTLSVersions(t *testing.T) {
	onBoth(t, func(t *testing.T, address ...string) { testTLSVersions(t, startSecured(t, address...)) })
}

func testTLSVersions(t *testing.T, s *secured) {
	for name, c := range map[string]struct {
		config *tls.Config
		want   string // the protocol, or part of the error
	}{
		"TLS 1.3":         {&tls.Config{MinVersion: tls.VersionTLS13}, ""},
		"TLS 1.2":         {&tls.Config{MaxVersion: tls.VersionTLS12}, ""},
		"TLS 1.1":         {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "protocol version"},
		"HTTP/2 or older": {&tls.Config{NextProtos: []string{"h2", "http/1.1"}}, "http/1.1"},
		"only HTTP/2":     {&tls.Config{NextProtos: []string{"h2"}}, "no application protocol"},
		"another name":    {&tls.Config{ServerName: "other.example"}, "not other.example"},
	} {
		got := ""
		conn, err := s.dial(t, s.HTTP, c.config)
		if err == nil {
			got = conn.ConnectionState().NegotiatedProtocol
		} else {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
	if lines := s.Err.Count(func(line string) bool { return !strings.Contains(line, "level=INFO") }); lines > 0 {
		t.Errorf("failed handshakes are in the log: %s", s.Err)
	}
}

// TestTLSErrors starts the program with certificates that it can't use.
func TestTLSErrors(t *testing.T) {
	t.Parallel()
	ca := certstest.NewAuthority(t)
	cert, key := ca.IssueNow(t, "localhost")
	certFile, keyFile := certstest.Write(t, t.TempDir(), cert, key)
	other, _ := certstest.Write(t, t.TempDir(), bytes.Repeat([]byte("x"), 100), key)
	socket := harness.PublicFolder(t) + "/chat.sock"
	for want, args := range map[string][]string{
		`--tls-cert needs --tls-key, .*`:                                             {"--tls-cert", certFile},
		`--tls-key needs --tls-cert, .*`:                                             {"--tls-key", keyFile},
		`--tls-cert: open .*/none: no such file or directory \(check the path, .*\)`: {"--tls-cert", certFile, "--tls-key", "/none"},
		`--tls-cert: .*cert.pem and .*key.pem: .*PEM.* \(both files must be PEM.*\)`: {"--tls-cert", other, "--tls-key", keyFile},
		`--tls-cert and --acme-domain exclude each other`:                            {"--tls-cert", certFile, "--tls-key", keyFile, "--acme-domain", "chat.example"},
		`--acme-domain needs --acme-dir or --data, .*`:                               {"--acme-domain", "chat.example", "--http-redirect", "127.0.0.1:0"},
		`--acme-domain needs --http or --http-redirect, .*`:                          {"--acme-domain", "chat.example", "--acme-dir", t.TempDir()},
		`--acme-dir: mkdir .*: not a directory`:                                      {"--acme-domain", "chat.example", "--http-redirect", "127.0.0.1:0", "--acme-dir", certFile + "/none/x"},
		`--acme-domain "\*.example.com" is not a list of domains: .* wildcard .*`:    {"--acme-domain", "*.example.com"},
		`--acme-url "http://x/dir" is not an https URL`:                              {"--acme-url", "http://x/dir"},
		`--http-redirect needs TLS: .*`:                                              {"--http-redirect", "127.0.0.1:0"},
	} {
		p := harness.StartPartyline(t, nil, append([]string{"--tcp", "unix:" + socket, "--http", ""}, args...)...)
		if code := p.ExitCode(t, harness.Patience); code != 1 {
			t.Errorf("%q: exit code %d", args, code)
		}
		harness.ExpectLine(t, p.Err, "partyline: "+want)
		if _, err := os.Lstat(socket); err == nil {
			t.Errorf("%q: the socket is still there", args)
		}
	}
}

// TestExpired starts the program with a certificate that has expired. The log has a warning, and a
// client says why it does not connect.
func TestExpired(t *testing.T) {
	t.Parallel()
	ca := certstest.NewAuthority(t)
	cert, key := ca.Issue(t, time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour), serverNames...)
	s := startSecuredWith(t, ca, cert, key)
	if n := s.Err.Count(regexp.MustCompile(`level=WARN msg="certificate has expired" names="localhost chat.example 127.0.0.1" .*hint=`).MatchString); n != 1 {
		t.Errorf("the log is %s", s.Err)
	}
	talk := s.talk(t, "wss://"+s.HTTP, "talker")
	harness.ExpectLine(t, talk.Err, `.*certificate.*expired.*`)
	s.renew(t)
	s.Signal(t, syscall.SIGHUP)
	harness.ExpectLine(t, s.Err, `.*msg="certificate loaded" .*`)
	if _, err := s.client().Get("https://" + s.HTTP + "/"); err != nil {
		t.Error(err)
	}
}
