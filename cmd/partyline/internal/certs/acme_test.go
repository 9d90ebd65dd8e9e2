package certs

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/cmd/partyline/internal/certs/certstest"
)

// nowhere is an authority that can't be reached.
const nowhere = "https://127.0.0.1:1/dir"

func newACME(t *testing.T, log *slog.Logger, domains ...string) *ACME {
	t.Helper()
	return NewACME(ACMEOptions{Domains: domains, Dir: t.TempDir(), URL: nowhere, Log: log})
}

// issue gives a domain a certificate, as Watch does.
func issue(t *testing.T, d *domain) {
	t.Helper()
	cert, key := certstest.NewAuthority(t).IssueNow(t, d.name)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	d.current.Store(&pair)
	close(d.tried)
}

// TestACMENames asks for the certificates of two domains in several forms, and for other names.
func TestACMENames(t *testing.T) {
	a := newACME(t, slog.New(slog.DiscardHandler), "one.example", "two.example")
	for _, d := range a.domains {
		issue(t, d)
	}
	for asked, want := range map[string]string{
		"one.example": "one.example", "two.example": "two.example", "TWO.Example.": "two.example",
		"": "one.example", "other.example": "one.example", "a.two.example": "one.example", "127.0.0.1": "one.example",
	} {
		c, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: asked})
		if err != nil || c.Leaf.DNSNames[0] != want {
			t.Errorf("%q: %v, %v, not %s", asked, c, err, want)
		}
	}
	for _, name := range []string{"one.example", "other.example"} {
		if c, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: name, SupportedProtos: []string{ChallengeProtocol}}); err == nil {
			t.Errorf("there is a challenge for %s: %v", name, c)
		}
	}
}

// TestACMEWaits does handshakes before the first certificate is there. They get it when it is.
func TestACMEWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newACME(t, slog.New(slog.DiscardHandler), "one.example", "two.example")
		var handshakes sync.WaitGroup
		for range 3 {
			handshakes.Go(func() {
				c, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: "two.example"})
				if err != nil || c.Leaf.DNSNames[0] != "two.example" {
					t.Errorf("%v, %v", c, err)
				}
			})
		}
		time.Sleep(handshakeWait / 2)
		issue(t, a.domains[1])
		handshakes.Wait()
		start := time.Now()
		c, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: "one.example"})
		if err == nil || !strings.Contains(err.Error(), "one.example") || time.Since(start) != handshakeWait {
			t.Errorf("without a certificate, after %v: %v, %v", time.Since(start), c, err)
		}
	})
}

// TestACMERetries tries to obtain a certificate of an authority that can't be reached. The time
// between two tries doubles up to its maximum.
func TestACMERetries(t *testing.T) {
	var log logBuffer
	a := newACME(t, log.logger(), "one.example")
	d := a.domains[0]
	for _, want := range []time.Duration{minRetry, 2 * minRetry, 4 * minRetry, 8 * minRetry, maxRetry, maxRetry} {
		a.update(t.Context(), d)
		if d.retry != want || time.Until(d.next) > want || time.Until(d.next) < want-time.Minute {
			t.Errorf("the next try is in %v, want %v", time.Until(d.next), want)
		}
		if got := log.take(); strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, "domain=one.example") || !strings.Contains(got, "hint=") {
			t.Errorf("the log has %q", got)
		}
	}
	if c, err := a.GetCertificate(&tls.ClientHelloInfo{}); err == nil {
		t.Errorf("there is a certificate: %v", c)
	}
}

// TestACMEReload requests a try before its time.
func TestACMEReload(t *testing.T) {
	var log logBuffer
	a := newACME(t, log.logger(), "one.example")
	ctx, cancel := context.WithCancel(t.Context())
	reload := make(chan os.Signal)
	var watching sync.WaitGroup
	watching.Go(func() { a.Watch(ctx, reload) })
	for range 3 {
		reload <- os.Interrupt // when the last try has ended
	}
	cancel()
	watching.Wait()
	if got := log.take(); strings.Count(got, "level=ERROR") < 3 {
		t.Errorf("the log has %s", got)
	}
}

// TestProblems logs what an authority answers: problems once, and nothing else.
func TestProblems(t *testing.T) {
	for body, want := range map[string][]string{
		`{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}`:                                        {"rateLimited", "too many certificates"},
		`{"type":"urn:ietf:params:acme:error:badNonce","detail":"old"}`:                                                             nil,
		`{"status":"pending","challenges":[{"type":"http-01","status":"pending"}]}`:                                                 nil,
		`{"status":"invalid","challenges":[{"type":"dns-01"},{"type":"http-01","error":{"type":"x","detail":"refused\u001b[2J"}}]}`: {"http-01", "refused"},
		`{"status":"valid"}`: nil, `[]`: nil, `{`: nil, ``: nil, `{"detail":5}`: nil,
	} {
		var log logBuffer
		authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.Write([]byte(body))
		}))
		defer authority.Close()
		client := &http.Client{Transport: &problemLog{next: http.DefaultTransport, log: log.logger()}}
		for range 2 {
			res, err := client.Get(authority.URL)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			res.Write(&got)
			if !strings.HasSuffix(got.String(), body) {
				t.Errorf("the client gets %q", got.String())
			}
		}
		got, lines := log.take(), min(len(want), 1)
		if strings.Count(got, "\n") != lines || strings.Contains(got, "\x1b") {
			t.Errorf("%s: the log has %q", body, got)
		}
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: the log does not have %q: %s", body, part, got)
			}
		}
	}
}

// FuzzProblem checks that no answer of an authority makes the log long or unsafe.
func FuzzProblem(f *testing.F) {
	f.Add([]byte(`{"type":"x:rateLimited","detail":"too many","challenges":[{"type":"http-01","error":{"detail":"refused"}}]}`))
	f.Add([]byte(`{"detail":"` + strings.Repeat("x", 10_000) + `\u009b\u202e"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var log logBuffer
		p := &problemLog{log: log.logger()}
		p.report(body)
		p.report(body)
		got := log.take()
		lines := strings.Count(got, "\n")
		if strings.ContainsAny(got, "\x1b\u009b\u202e") || len(got) > lines*3000 || lines > maxProblems {
			t.Errorf("the log has %d lines, %d bytes", lines, len(got))
		}
	})
}

// TestHostPolicy checks for which Host headers the authority gets an answer over HTTP.
func TestHostPolicy(t *testing.T) {
	allow := hostPolicy([]string{"one.example", "two.example"})
	for host, want := range map[string]bool{
		"one.example": true, "two.example:80": true, "one.example:8080": true,
		"": false, "other.example": false, "other.example:80": false, "a.one.example": false, "[::1]:80": false,
	} {
		if err := allow(t.Context(), host); (err == nil) != want {
			t.Errorf("%q: %v", host, err)
		}
	}
}

// TestCheckDomains checks names that an authority can and can't check.
func TestCheckDomains(t *testing.T) {
	for _, good := range []string{"chat.example", "a.b.c.example.com", "xn--bcher-kva.example", "1.example", strings.Repeat("a", 63) + ".example"} {
		if err := CheckDomains([]string{good}); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{
		"", ".", "localhost", "chat.example.", ".example", "a..example", "*.example.com", "Chat.example", "b\u00fccher.example",
		"192.0.2.1", "[::1]", "a_b.example", "-a.example", "a-.example", "chat.example:443", "a b.example", strings.Repeat("a", 64) + ".example",
		strings.Repeat("a.", 127) + "example",
	} {
		if err := CheckDomains([]string{"good.example", bad}); err == nil || !strings.Contains(err.Error(), "is not a domain name") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
