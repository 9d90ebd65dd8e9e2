//go:build unix

// Package proxies starts nginx, HAProxy and Caddy in front of a server, with the configurations in
// the folder deploy.
package proxies

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A Software is a program that is a proxy.
type Software struct {
	Name string
	// RawTCP reports whether it has a listener for raw TCP.
	RawTCP bool

	// Idle returns the changes that make it close a WebSocket without traffic after d, which is
	// whole seconds.
	Idle func(d time.Duration) map[string]string
	// BriefGrace are the changes that make it close old connections a second after a reload.
	BriefGrace map[string]string
	// Trusting are the changes that make it believe a client that claims another address with Claim.
	Trusting map[string]string

	path          string // of the program, if it is not in PATH
	config        string // below deploy
	claimInHeader bool   // Claim returns a header of the request
	parts         func(addresses) map[string]string
	secure        func(a addresses, pem string) map[string]string // changes that add listeners with TLS
	command       func(path, dir, config string) *exec.Cmd
	reload        func(t *testing.T, p *Proxy)
	requires      func(t *testing.T, config string)
}

// addresses are those of the listeners of a proxy, without and with TLS, and of the server.
type addresses struct{ http, tcp, https, tls, toHTTP, toTCP string }

// All are the proxies.
var All = []*Software{Nginx, HAProxy, Caddy}

// A Proxy is a running proxy.
type Proxy struct {
	*harness.Process
	HTTP, TCP  string // its listeners; "" if it has none
	HTTPS, TLS string // the same with TLS; see StartSecure

	software    *Software
	dir, config string
}

// Start starts the proxy on free ports in front of a server, and waits until it accepts connections.
// It replaces the keys of changes, each of which occurs once in the configuration, by their values.
// The test is skipped if the program is not installed.
func (s *Software) Start(t *testing.T, server *harness.Server, changes map[string]string) *Proxy {
	t.Helper()
	tcp := ""
	if s.RawTCP {
		tcp = harness.FreeAddr(t)
	}
	return s.StartOn(t, server, harness.FreeAddr(t), tcp, changes)
}

// StartOn is like [Software.Start], with fixed addresses.
func (s *Software) StartOn(t *testing.T, server *harness.Server, http, tcp string, changes map[string]string) *Proxy {
	t.Helper()
	return s.start(t, addresses{http: http, tcp: tcp, toHTTP: server.HTTP, toTCP: server.TCP}, "", changes)
}

// StartSecure is like [Software.Start], and adds listeners that end TLS, as the comments in the
// configuration say. certificate is a certificate and its key in PEM. The listener of Caddy replaces
// the one without TLS.
func (s *Software) StartSecure(t *testing.T, server *harness.Server, certificate []byte, changes map[string]string) *Proxy {
	t.Helper()
	pem := filepath.Join(t.TempDir(), "site.pem")
	if err := os.WriteFile(pem, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	a := addresses{https: harness.FreeAddr(t), toHTTP: server.HTTP, toTCP: server.TCP}
	if s.RawTCP {
		a.http, a.tcp, a.tls = harness.FreeAddr(t), harness.FreeAddr(t), harness.FreeAddr(t)
	}
	return s.start(t, a, pem, changes)
}

// start starts the proxy. pem is a file with a certificate for its listeners with TLS.
func (s *Software) start(t *testing.T, a addresses, pem string, changes map[string]string) *Proxy {
	t.Helper()
	path := harness.NeedProgram(t, strings.ToLower(s.Name), s.path)
	shipped, err := os.ReadFile(harness.RepoPath(filepath.Join("deploy", s.config)))
	if err != nil {
		t.Fatal(err)
	}
	config := string(shipped)
	if s.requires != nil {
		s.requires(t, config)
	}
	parts := s.parts(a)
	if pem != "" {
		maps.Copy(parts, s.secure(a, pem))
	}
	maps.Copy(parts, changes)
	if config, err = replace(config, parts); err != nil {
		t.Fatalf("deploy/%s: %v", s.config, err)
	}

	dir := harness.PublicFolder(t)
	p := &Proxy{HTTP: a.http, TCP: a.tcp, HTTPS: a.https, TLS: a.tls, software: s, dir: dir, config: filepath.Join(dir, filepath.Base(s.config))}
	if err := os.WriteFile(p.config, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	p.Process = harness.StartCommand(t, s.command(path, dir, p.config))
	if !harness.Eventually(func() bool { return p.ended() || p.accepts() }) || p.ended() {
		t.Fatalf("%s has not started:\n%s", s.Name, p.Err)
	}
	return p
}

// replace replaces the keys of parts, each of which occurs once in a text, by their values. It replaces nothing in the
// values, which may have such a key, as the address 127.0.0.1:40001 has 127.0.0.1:4000.
func replace(text string, parts map[string]string) (string, error) {
	var pairs []string
	for old, replacement := range parts {
		if n := strings.Count(text, old); n != 1 {
			return "", fmt.Errorf("%q occurs %d times, want 1", old, n)
		}
		pairs = append(pairs, old, replacement)
	}
	return strings.NewReplacer(pairs...).Replace(text), nil
}

// Claim returns what a client sends to claim an IPv4 address: a PROXY header, which it sends first,
// or a header of an HTTP request. One of them is empty.
func (s *Software) Claim(addr string) (first, header string) {
	if s.claimInHeader {
		return "", "X-Forwarded-For: " + addr + "\r\n"
	}
	return "PROXY TCP4 " + addr + " 127.0.0.1 1000 80\r\n", ""
}

// accepts reports whether the listeners accept connections.
func (p *Proxy) accepts() bool {
	for _, addr := range []string{p.HTTP, p.TCP, p.HTTPS, p.TLS} {
		if addr != "" && !harness.Accepts(addr) {
			return false
		}
	}
	return true
}

// ended reports whether the process has exited.
func (p *Proxy) ended() bool {
	select {
	case <-p.Exited:
		return true
	default:
		return false
	}
}

// Reload makes the proxy read its configuration again, which has not changed.
func (p *Proxy) Reload(t *testing.T) {
	t.Helper()
	p.software.reload(t, p)
}

// Stop ends the proxy by SIGTERM, which closes its connections.
func (p *Proxy) Stop(t *testing.T) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	p.ExitCode(t, harness.Patience)
}
