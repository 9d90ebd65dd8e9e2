// Package doctor finds out what a proxy in front of a partyline server does wrong, from the outside,
// as a browser and netcat see it, and with what the server says has arrived (web.Report).
//
// [Observe] asks, and changes nothing. [Diagnose] is a function of what was observed, and [Print] writes
// its findings for a person.
//
// [ObserveCluster] and [DiagnoseCluster] do the same for servers that share their rooms, and [DiagnoseNATS] for the NATS
// servers, which jetstream.Inspect asks.
package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"partyline/web"
)

// Options say what to examine.
type Options struct {
	Site    *Site
	Connect string        // the address to connect to in place of that of the site; "" for that
	TCP     string        // the address of the TCP listener; "" for the site's host and the server's port
	Idle    time.Duration // the maximum time to wait for a ping over the WebSocket; 0 to wait for none
	Timeout time.Duration // the maximum time for any other answer
}

// A Site is the address of the page.
type Site struct {
	Secure bool
	Host   string // as in a browser's Host header
	Base   string // the path below which it is, without a slash at the end
}

// ParseSite parses the URL of the page, of its WebSocket, or a host alone.
func ParseSite(text string) (*Site, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL: %w", text, err)
	}
	s := &Site{Secure: u.Scheme == "https" || u.Scheme == "wss", Host: strings.ToLower(u.Host)}
	if !s.Secure && u.Scheme != "http" && u.Scheme != "ws" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is not the address of a page: want a URL such as https://chat.example.org", text)
	}
	s.Host = plainHost(s.Secure, s.Host)
	s.Base = strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(u.EscapedPath(), "/"), "/ws"), "/")
	return s, nil
}

// Origin returns the Origin that a browser sends for the page.
func (s *Site) Origin() string { return s.scheme("http") + "://" + s.Host }

// URL returns the URL of a path, which starts with a slash, of the server.
func (s *Site) URL(path string) string { return s.Origin() + s.Base + path }

func (s *Site) scheme(plain string) string {
	if s.Secure {
		return plain + "s"
	}
	return plain
}

// hostname returns the host without its port.
func (s *Site) hostname() string { return (&url.URL{Host: s.Host}).Hostname() }

// plainHost returns a host without the default port of the scheme, as browsers send it.
func plainHost(secure bool, host string) string {
	if secure {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// An Observation is what Observe has seen.
type Observation struct {
	Site   *Site
	Idle   time.Duration // as in Options
	Page   Answer
	Health Answer

	ReportPath   string // that was requested, below the base
	ReportAnswer Answer
	Report       *web.Report   // nil if the server does not tell
	Pause        time.Duration // between the newlines at the end of the report

	WebSocket WebSocket
	TCP       TCP
}

// An Answer is the answer to a GET request.
type Answer struct {
	Err    error // there is none
	Status int
	Header http.Header
	Body   string // its start
	TLS    *tls.ConnectionState
	Sent   time.Time
	Took   time.Duration
}

// Observe examines a site. It takes Options.Idle at most, and a few times Options.Timeout if there are no answers.
func Observe(ctx context.Context, opts Options) *Observation {
	o := &Observation{Site: opts.Site, Idle: opts.Idle}
	p := newProber(opts)
	if o.Page = p.get(ctx, "/"); o.Page.Err != nil {
		return o
	}
	var wg sync.WaitGroup
	wg.Go(func() { o.WebSocket = p.webSocket(ctx) })
	o.Health = p.get(ctx, "/healthz")
	p.report(ctx, o)
	o.TCP = p.tcp(ctx, o.Report)
	wg.Wait()
	return o
}

// A prober sends requests to a site.
type prober struct {
	Options
	client *http.Client
}

func newProber(opts Options) *prober {
	p := &prober{Options: opts}
	p.client = &http.Client{
		Transport:     &http.Transport{DialContext: p.dial, DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p
}

func (p *prober) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if p.Connect != "" {
		addr = p.Connect
	}
	return (&net.Dialer{Timeout: p.Timeout}).DialContext(ctx, network, addr)
}
