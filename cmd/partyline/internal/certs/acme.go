package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

const (
	// lookInterval is the time between two looks whether a certificate has been renewed.
	lookInterval = 10 * time.Second
	// minRetry and maxRetry bound the time between two tries to obtain a certificate. The manager
	// refuses to try again within a minute, and Let's Encrypt allows five failures an hour.
	minRetry = 4 * time.Minute
	maxRetry = time.Hour
	// handshakeWait bounds the time for which a handshake waits for the first certificate.
	handshakeWait = 10 * time.Second
	// requestTimeout bounds a request to the authority.
	requestTimeout = 30 * time.Second
)

// ChallengeProtocol is the protocol that the authority offers in a TLS handshake to check that the
// server has a name (RFC 8737). A listener whose certificates are those of an ACME accepts it.
const ChallengeProtocol = acme.ALPNProto

// ACMEOptions are the parameters of NewACME.
type ACMEOptions struct {
	Domains []string // in lower case; at least one
	Dir     string   // keeps the account, the keys and the certificates
	Email   string   // for the authority; may be empty
	URL     string   // of the authority's directory
	Log     *slog.Logger
}

// ACME is certificates that an authority issues with the protocol ACME (RFC 8555), one for each
// domain. To accept one is to accept the terms of service of the authority.
//
// Handshakes do not cause requests to the authority: only Watch does.
type ACME struct {
	manager *autocert.Manager
	domains []*domain
	log     *slog.Logger
}

// A domain is a name with its certificate.
type domain struct {
	name    string
	current atomic.Pointer[tls.Certificate]
	tried   chan struct{} // closed after the first try to obtain a certificate

	// Only Watch uses these.
	next   time.Time // when to try or look again
	retry  time.Duration
	expiry expiryLog
}

// NewACME returns certificates without a certificate: Watch obtains them.
func NewACME(o ACMEOptions) *ACME {
	client := &http.Client{Transport: &problemLog{next: http.DefaultTransport, log: o.Log}, Timeout: requestTimeout}
	a := &ACME{log: o.Log, manager: &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(o.Dir),
		HostPolicy: hostPolicy(o.Domains),
		Email:      o.Email,
		Client:     &acme.Client{DirectoryURL: o.URL, HTTPClient: client, UserAgent: "partyline"},
	}}
	for _, name := range o.Domains {
		a.domains = append(a.domains, &domain{name: name, tried: make(chan struct{}), expiry: expiryLog{log: o.Log}})
	}
	return a
}

// hostPolicy allows the domains. A Host header may have a port.
func hostPolicy(domains []string) autocert.HostPolicy {
	allow := autocert.HostWhitelist(domains...)
	return func(ctx context.Context, host string) error {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		return allow(ctx, host)
	}
}

// GetCertificate returns the certificate for the name that a client asks for, or that of the first
// domain if it asks for none or for another one: then the client can say what is wrong. Until the
// first try to obtain a certificate has ended, it waits, for at most handshakeWait. It is the
// function of a tls.Config, and may be called from any goroutine.
func (a *ACME) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if slices.Equal(hello.SupportedProtos, []string{ChallengeProtocol}) {
		return a.manager.GetCertificate(hello)
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	d := a.domains[max(0, slices.IndexFunc(a.domains, func(d *domain) bool { return d.name == name }))]
	if c := d.current.Load(); c != nil {
		return c, nil
	}
	timeout := time.NewTimer(handshakeWait)
	defer timeout.Stop()
	select {
	case <-d.tried:
	case <-timeout.C:
	}
	if c := d.current.Load(); c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("there is no certificate for %s yet", d.name)
}

// HTTPHandler returns a handler for HTTP on port 80, which answers the authority when it checks
// that the server has a name (HTTP-01), and leaves all other requests to next. Without a call of
// HTTPHandler, which must come before Watch, the authority is asked to check over TLS only.
func (a *ACME) HTTPHandler(next http.Handler) http.Handler { return a.manager.HTTPHandler(next) }

// Watch obtains the certificates, and renews them, until ctx is done. It tries again at once what
// has failed when it receives from reload. What has been sent to the authority by then ends with
// the process.
func (a *ACME) Watch(ctx context.Context, reload <-chan os.Signal) {
	for ctx.Err() == nil {
		for _, d := range a.domains {
			if !time.Now().Before(d.next) {
				a.update(ctx, d)
			}
		}
		next := slices.MinFunc(a.domains, func(d, e *domain) int { return d.next.Compare(e.next) }).next
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-reload:
			for _, d := range a.domains {
				d.next = time.Time{}
			}
		}
		timer.Stop()
	}
}

// update obtains the certificate of a domain, or looks whether the manager has renewed it.
func (a *ACME) update(ctx context.Context, d *domain) {
	c, err := a.fetch(ctx, d.name)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		d.retry = min(max(2*d.retry, minRetry), maxRetry)
		d.next = time.Now().Add(d.retry)
		a.log.Error("certificate not obtained", "domain", d.name, "err", err, "retry", d.retry,
			"hint", "the authority must reach this server by that name, on port 443 for --http or on port 80 for --http-redirect; SIGHUP tries again")
	} else {
		d.retry, d.next = 0, time.Now().Add(lookInterval)
		if old := d.current.Swap(c); old == nil || !old.Leaf.Equal(c.Leaf) {
			a.log.Info("certificate obtained", "names", names(c.Leaf), "expires", c.Leaf.NotAfter)
		}
		d.expiry.check(c.Leaf)
	}
	select {
	case <-d.tried:
	default:
		close(d.tried)
	}
}

// fetch returns the certificate of the manager for a name, which obtains one if it has none. It
// returns early when ctx is done: the manager, which takes up to five minutes, does not.
func (a *ACME) fetch(ctx context.Context, name string) (*tls.Certificate, error) {
	type result struct {
		cert *tls.Certificate
		err  error
	}
	done := make(chan result, 1)
	go func() {
		c, err := a.manager.GetCertificate(&tls.ClientHelloInfo{
			ServerName: name,
			// The manager chooses the kind of key by these: all clients support ECDSA.
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		})
		done <- result{c, err}
	}()
	select {
	case r := <-done:
		return r.cert, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// CheckDomains returns an error if an authority can't check that a server has one of the names:
// each must be an ASCII domain name in lower case, of at least two labels.
func CheckDomains(list []string) error {
	for _, name := range list {
		if err := checkDomain(name); err != nil {
			return fmt.Errorf("%q is not a domain name like chat.example.com: %w", name, err)
		}
	}
	return nil
}

func checkDomain(name string) error {
	labels := strings.Split(name, ".")
	bad := func(label string) bool {
		return label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
			label[0] == '-' || label[len(label)-1] == '-'
	}
	last := labels[len(labels)-1]
	switch {
	case strings.HasPrefix(name, "*."):
		return errors.New("a wildcard can't be checked over TLS or HTTP")
	case len(labels) < 2:
		return errors.New("it needs at least two labels")
	case len(name) > 253 || slices.ContainsFunc(labels, bad):
		return errors.New("it may have letters in lower case, digits and hyphens")
	case strings.Trim(last, "0123456789") == "":
		return errors.New("it is an address")
	}
	return nil
}
