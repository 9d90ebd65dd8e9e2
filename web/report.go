package web

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// ReportPath is the path of the report, and the end of its path behind a proxy that does not strip its
// prefix, or adds one.
const ReportPath = "/debug/proxy"

// ReportPause is the time between the report and the first of two newlines, and between both, at the
// end of the answer. If the newlines arrive at the same time, a proxy holds answers back. The report
// alone would not show that: nginx holds back only what is small.
const ReportPause = 400 * time.Millisecond

// ReportOptions are the parameters of GET /debug/proxy.
type ReportOptions struct {
	// IsTrusted reports whether a client at an address may read the report; that of a peer on a unix
	// socket is the zero Addr. See serveReport.
	IsTrusted func(netip.Addr) bool

	Ping time.Duration // the time between pings to WebSockets
	TCP  string        // the address of the TCP listener; "" for none
}

// A Report says what has arrived of a request for it, and what the server believes of that. It has
// nothing of other clients, and no header except those that concern proxies and WebSockets.
type Report struct {
	Method     string `json:"method"`
	Path       string `json:"path"`  // ReportPath, with a prefix that a proxy has not stripped, or has added
	Proto      string `json:"proto"` // the version of HTTP
	Host       string `json:"host"`
	Origin     string `json:"origin"`
	Upgrade    string `json:"upgrade"`
	Connection string `json:"connection"`

	Forwarding map[string][]string `json:"forwarding"` // the headers of proxies, by name

	TLS         bool   `json:"tls"`          // the connection to the server uses TLS
	RequiresTLS bool   `json:"requires_tls"` // the server redirects this client to https
	Peer        string `json:"peer"`         // the address of the other end of the connection; "" on a unix socket
	Local       string `json:"local"`        // the address of the server's end
	Proxy       bool   `json:"proxy"`        // the peer is one of --proxy
	ProxyHeader string `json:"proxy_header"` // that of --proxy-header

	Client  string `json:"client"`  // the address that counts; "" on a unix socket
	Source  string `json:"source"`  // the header that has it, or "connection"
	Invalid string `json:"invalid"` // the element of the header that is no address; then Client is a proxy's
	Scheme  string `json:"scheme"`  // "https" if the client is known to use TLS, otherwise "http"

	Ping string    `json:"ping"` // the time between pings to WebSockets
	TCP  string    `json:"tcp"`  // the address of the TCP listener; "" for none
	Time time.Time `json:"time"`
}

// forwardingHeaders are the headers in which proxies report requests.
var forwardingHeaders = []string{
	XForwardedFor, Forwarded, XRealIP, forwardedProto, "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "Via",
}

// serveReport returns a middleware that answers GET requests for the report with a Report as JSON.
// Other clients than those that IsTrusted accepts get a 403: each address that the request comes from
// must be trusted or a proxy's, whether the server believes it or not, and the client's must be
// trusted. So a proxy that reports its clients to a server that does not believe it opens the report
// to nobody. One that reports nothing makes its clients look like itself, and if it is on this
// machine, they can read the report, which therefore has nothing secret.
//
// It must see the request before setClient changes its address, and before requireTLS redirects it.
func serveReport(opts Options, trusted proxies) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, ReportPath):
				next.ServeHTTP(w, r)
			case !mayRead(opts.Report.IsTrusted, trusted, r):
				http.Error(w, "only the operator may read this: use partyline doctor on the machine of the server, "+
					"or give --exempt ADDRESS to the server", http.StatusForbidden)
			default:
				writeReport(w, r, newReport(opts, trusted, r))
			}
		})
	}
}

// writeReport writes the report, and the newlines after ReportPause each.
func writeReport(w http.ResponseWriter, r *http.Request, report Report) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	body, _ := json.MarshalIndent(report, "", "  ") // it has only texts
	w.Write(body)
	for range 2 {
		http.NewResponseController(w).Flush()
		select {
		case <-time.After(ReportPause):
		case <-r.Context().Done():
			return
		}
		w.Write([]byte{'\n'})
	}
}

func newReport(opts Options, trusted proxies, r *http.Request) Report {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	client := trusted.believe(r)
	report := Report{
		Method: r.Method, Path: r.URL.Path, Proto: r.Proto, Host: r.Host,
		Origin: r.Header.Get("Origin"), Upgrade: r.Header.Get("Upgrade"), Connection: r.Header.Get("Connection"),
		Forwarding: make(map[string][]string), TLS: r.TLS != nil,
		RequiresTLS: opts.RequireTLS && r.TLS == nil && !withoutTLS(trusted, r),
		Proxy:       trusted.contains(peer.Addr()), ProxyHeader: trusted.header,
		Source: client.source, Invalid: client.invalid, Scheme: "http",
		Ping: opts.Report.Ping.String(), TCP: opts.Report.TCP, Time: time.Now(),
	}
	if peer.IsValid() {
		report.Peer = peer.String()
	}
	if addr, err := netip.ParseAddrPort(client.addr); err == nil {
		report.Client = addr.String()
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		report.Local = local.String()
	}
	if client.secure {
		report.Scheme = "https"
	}
	for _, name := range forwardingHeaders {
		if values := r.Header.Values(name); len(values) > 0 {
			report.Forwarding[name] = values
		}
	}
	return report
}

// mayRead reports whether the sender of r may read the report.
func mayRead(isTrusted func(netip.Addr) bool, trusted proxies, r *http.Request) bool {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	client, _ := netip.ParseAddrPort(trusted.believe(r).addr)
	isKnown := func(addr netip.Addr) bool { return isTrusted(addr) || trusted.contains(addr) }
	if !isTrusted(client.Addr()) || !isKnown(peer.Addr()) {
		return false
	}
	for _, header := range []string{XForwardedFor, Forwarded, XRealIP} {
		claims := proxies{isKnown, header}
		if claims.forwarded(r) {
			claimed, invalid := claims.client(r)
			if invalid != "" || !isKnown(claimed.addr.Addr()) {
				return false
			}
		}
	}
	return true
}
