package listening

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/certs/certstest"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// pebble is a running authority, a small version of that of Let's Encrypt.
type pebble struct {
	*harness.Process
	url, management string // addresses
	ca              *certstest.Authority
	caFile          string // what its clients trust
}

// startPebble starts an authority that finds every domain at 127.0.0.1, and checks it at the given
// ports. Its certificates are valid for the given time.
func startPebble(t *testing.T, httpAddr, tlsAddr string, validity time.Duration) *pebble {
	t.Helper()
	dir := t.TempDir()
	p := &pebble{url: harness.FreeAddr(t), management: harness.FreeAddr(t), ca: certstest.NewAuthority(t), caFile: filepath.Join(dir, "ca.pem")}
	cert, key := p.ca.IssueNow(t, "127.0.0.1")
	certFile, keyFile := certstest.Write(t, dir, cert, key)
	port := func(addr string) int { return netAddr(t, addr).Port }
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": p.url, "managementListenAddress": p.management,
		"certificate": certFile, "privateKey": keyFile, "httpPort": port(httpAddr), "tlsPort": port(tlsAddr),
		"retryAfter": map[string]int{"authz": 1, "order": 1}, "keyAlgorithm": "ecdsa",
		"profiles": map[string]any{"default": map[string]any{"description": "test", "validityPeriod": int(validity.Seconds())}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	for name, content := range map[string][]byte{file: config, p.caFile: p.ca.PEM()} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(toolPath(t, "pebble"), "-config", file, "-dnsserver", serveDNS(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	p.Process = harness.StartCommand(t, cmd)
	if !harness.Eventually(func() bool { return harness.Accepts(p.url) && harness.Accepts(p.management) }) {
		t.Fatalf("pebble has not started:\n%s%s", p.Out, p.Err)
	}
	return p
}

// toolPath returns the path of a tool of .ci/tools.mod, which it builds if it must.
func toolPath(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.Command("go", "tool", "-n", "-modfile", ".ci/tools.mod", name)
	cmd.Dir = harness.RepoPath(".")
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		harness.Missing(t, fmt.Sprintf("%s (%v: %s)", name, err, problem.String()))
	}
	return strings.TrimSpace(string(out))
}

func netAddr(t *testing.T, addr string) *net.TCPAddr {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serveDNS answers each question for an IPv4 address with 127.0.0.1, and every other question with
// nothing, over TCP. It returns its address.
func serveDNS(t *testing.T) string {
	t.Helper()
	return harness.Listen(t, answerDNS)
}

// answerDNS answers the questions on one connection (RFC 1035).
func answerDNS(c net.Conn) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil || len(query) < 17 {
			return
		}
		end := 12 // of the question
		for query[end] != 0 && end < len(query)-5 {
			end += 1 + int(query[end])
		}
		end += 5
		answer := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
		if query[end-3] == 1 { // A
			answer[7] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
		}
		c.Write(binary.BigEndian.AppendUint16(nil, uint16(len(answer))))
		c.Write(answer)
	}
}

// roots returns the roots of the certificates that the authority issues.
func (p *pebble) roots(t *testing.T) *x509.CertPool {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.ca.Pool()}}}
	res, err := c.Get("https://" + p.management + "/roots/0")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(body) {
		t.Fatalf("the root is %q", body)
	}
	return pool
}

// start starts the program with certificates of the authority for some domains.
func (p *pebble) start(t *testing.T, httpAddr, domains string, args ...string) *harness.Program {
	t.Helper()
	s := harness.StartPartyline(t, []string{"SSL_CERT_FILE=" + p.caFile}, append([]string{
		"--tcp", "127.0.0.1:0", "--http", httpAddr,
		"--acme-domain", domains, "--acme-url", "https://" + p.url + "/dir", "--acme-email", "ops@chat.example",
	}, args...)...)
	return &harness.Program{Process: s, TCP: harness.ExpectLine(t, s.Err, harness.TCPListening)[0], HTTP: harness.ExpectLine(t, s.Err, harness.HTTPListening)[0]}
}

// leaf connects over TLS by a name, and returns the certificate.
func leaf(t *testing.T, addr, name string, roots *x509.CertPool) *x509.Certificate {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: roots, ServerName: name})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0]
}

// TestACME obtains certificates for two domains, which the authority checks over TLS. The program
// has them again after a restart, without the authority.
func TestACME(t *testing.T) {
	t.Parallel()
	addr, dir := harness.FreeAddr(t), t.TempDir()
	authority := startPebble(t, harness.FreeAddr(t), addr, 90*24*time.Hour)
	const first, second = "chat.example.test", "talk.example.test"
	roots := authority.roots(t)
	serials := map[string]string{}
	for round := range 2 {
		p := authority.start(t, addr, first+","+second, "--data", dir)
		// A handshake waits for the certificate.
		for _, name := range []string{first, second} {
			got := leaf(t, addr, name, roots).SerialNumber.String()
			if serials[name] != "" && got != serials[name] {
				t.Errorf("after a restart the certificate of %s is another one", name)
			}
			serials[name] = got
			if onTCP := leaf(t, p.TCP, name, roots).SerialNumber.String(); onTCP != got {
				t.Errorf("over TCP the certificate of %s is another one", name)
			}
		}
		// A client that asks for another name gets a certificate, and can say what is wrong.
		_, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: roots, ServerName: "other.example.test"})
		if err == nil || !strings.Contains(err.Error(), "valid for "+first) {
			t.Errorf("another name: %v", err)
		}
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: first}}}
		req, _ := http.NewRequest("GET", "https://"+addr+"/", nil)
		req.Host = first // which needs no --host
		res, err := c.Do(req)
		if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%v, %v", res, err)
		}
		if n := p.Err.Count(regexp.MustCompile("level=(WARN|ERROR)").MatchString); n > 0 {
			t.Errorf("the log has warnings:\n%s", p.Err)
		}
		c.CloseIdleConnections()
		p.Stop(t)
		if round == 0 {
			authority.Kill(t)
		}
	}
}

// TestACMEByHTTP obtains a certificate for a domain that the authority can check only over HTTP,
// at the listener that redirects.
func TestACMEByHTTP(t *testing.T) {
	t.Parallel()
	addr, redirect := harness.FreeAddr(t), harness.FreeAddr(t)
	authority := startPebble(t, redirect, harness.FreeAddr(t), 90*24*time.Hour)
	authority.start(t, addr, "chat.example.test", "--acme-dir", t.TempDir(), "--http-redirect", redirect)
	leaf(t, addr, "chat.example.test", authority.roots(t))
	req, _ := http.NewRequest("GET", "http://"+redirect+"/?room=ops", nil)
	req.Host = "chat.example.test"
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || res.StatusCode != http.StatusPermanentRedirect {
		t.Fatalf("%v, %v", res, err)
	}
	_, port, _ := net.SplitHostPort(addr)
	if got := res.Header.Get("Location"); got != "https://chat.example.test:"+port+"/?room=ops" {
		t.Errorf("it redirects to %s", got)
	}
}

// TestACMEFails starts the program with a domain that the authority can't check. The log says why,
// and what to do. Everything without TLS works.
func TestACMEFails(t *testing.T) {
	t.Parallel()
	authority := startPebble(t, harness.FreeAddr(t), harness.FreeAddr(t), time.Hour)
	p := authority.start(t, "127.0.0.1:0", "chat.example.test", "--acme-dir", t.TempDir())
	harness.ExpectLine(t, p.Err, `.*level=WARN msg="authority can't check a name" challenge=tls-alpn-01 detail="Failed to connect to .*"`)
	harness.ExpectLine(t, p.Err, `.*level=ERROR msg="certificate not obtained" domain=chat.example.test err=.* retry=4m0s hint=.*443.*`)
	if _, err := tls.Dial("tcp", p.HTTP, &tls.Config{InsecureSkipVerify: true}); err == nil {
		t.Error("there is a certificate")
	}
	c := harness.DialText(t, p.TCP)
	harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	if n := p.Err.Count(regexp.MustCompile("certificate not obtained").MatchString); n != 1 {
		t.Errorf("the log has %d errors", n)
	}
	p.Stop(t)
}

// TestACMERenews runs the program with a certificate of a minute, at one address for HTTP and the
// chat. It gets the next one before that expires.
func TestACMERenews(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	addr := harness.FreeAddr(t)
	authority := startPebble(t, harness.FreeAddr(t), addr, time.Minute)
	p := authority.start(t, addr, "chat.example.test", "--acme-dir", t.TempDir(), "--tcp", addr)
	roots := authority.roots(t)
	old := leaf(t, addr, "chat.example.test", roots)
	harness.ExpectLine(t, p.Err, `.*msg="certificate obtained" .*`)
	for time.Now().Before(old.NotAfter) {
		if next := leaf(t, addr, "chat.example.test", roots); !next.Equal(old) {
			return
		}
		time.Sleep(time.Second) // a client comes once a second
	}
	t.Errorf("the certificate is not renewed:\n%s", p.Err)
}
