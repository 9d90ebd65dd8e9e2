package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"partyline/web"
)

// renewBefore is the time before the end of a certificate in which it should have been renewed.
const renewBefore = 7 * 24 * time.Hour

// unreachable explains why there is no answer at all.
func (d *diagnosis) unreachable() Finding {
	f := Finding{
		Check: "page", State: Wrong, Text: "no answer", Problem: "There is no answer.",
		Found: d.Page.Err.Error(), Effect: "Nobody can open the page.",
	}
	var unknown x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	var advice string
	switch err := d.Page.Err; {
	case errors.As(err, &dns):
		advice = "check the name, and the DNS"
	case errors.Is(err, syscall.ECONNREFUSED):
		advice = "nothing listens there: start the proxy, or correct the port"
	case errors.As(err, &unknown):
		advice = "the certificate is not signed by a known authority: send its chain too (fullchain.pem), or use SSL_CERT_FILE=FILE here"
	case errors.As(err, &wrongName):
		advice = "get a certificate for the name in the URL"
	case errors.As(err, &invalid):
		advice = "renew the certificate, and check the clock of this machine"
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		advice = "there is no TLS: use http://, or have the proxy end TLS on that port"
	case isTimeout(err):
		advice = "a firewall may be in between, or the proxy waits for partyline"
	default:
		advice = "look at the log of the proxy"
	}
	f.Advice = []Advice{{Where: advice}}
	return f
}

// page finds out which program answers for the page.
func (d *diagnosis) page() Finding {
	f := Finding{Check: "page", State: Wrong, Text: says(d.Page), Found: "GET " + d.Site.URL("/") + " answers " + says(d.Page), Effect: "Nobody can open the page."}
	switch to := d.redirect(); {
	case d.loops(), d.changesPath() && d.Page.Status == http.StatusNotFound:
		return skipped("page", "%s; see below", status(d.Page))
	case to != nil:
		f.Problem = "The page is at another address."
		f.Found = "GET " + d.Site.URL("/") + " redirects to " + to.String()
		f.Advice = []Advice{{Where: "examine that address", Lines: []string{"partyline doctor " + to.String()}}}
		return f
	case d.Page.Status == http.StatusMisdirectedRequest:
		return skipped("page", "%s; see host", status(d.Page))
	case d.Page.Status == http.StatusBadGateway, d.Page.Status == http.StatusServiceUnavailable, d.Page.Status == http.StatusGatewayTimeout:
		f.Problem = "The proxy does not reach partyline."
		f.Effect += " Either partyline does not run, or the proxy has another address, or it uses TLS and partyline has no certificate."
		f.Advice = d.advise(remedyUpstream("http", d.local(), "server partyline "+d.local()), Advice{Where: "to find out whether partyline runs, use partyline health on its machine"})
		return f
	case d.Page.Status == http.StatusOK && isPartyline(d.Page):
		text := fmt.Sprintf("%s in %s", status(d.Page), seconds(d.Page.Took))
		if server := d.Page.Header.Get("Server"); server != "" {
			text += ", through " + server
		}
		if d.Health.Status != http.StatusOK {
			f.Problem, f.Text, f.Effect = "The server does not work.", text+", but /healthz says "+says(d.Health), "Clients may wait, or be turned away."
			f.Found = "GET " + d.Site.URL("/healthz") + " answers " + says(d.Health)
			f.Advice = []Advice{{Where: "look at the log of partyline"}}
			return f
		}
		return ok("page", "%s", text)
	case isPartyline(d.Page):
		return skipped("page", "%s; see path", status(d.Page))
	}
	f.Problem = "Something else than partyline answers."
	f.Advice = []Advice{{Where: "check the URL; the proxy needs a location for it that leads to partyline"}}
	return f
}

// path compares the path that arrives with the one that the server expects.
func (d *diagnosis) path() Finding {
	f := Finding{Check: "path", State: Wrong, Effect: "partyline answers 404: nobody can open the page."}
	prefix := d.Site.Base // that is not stripped
	switch {
	case d.Report != nil && !d.changesPath() && d.Site.Base == "":
		return ok("path", "arrives as sent")
	case d.Report != nil && !d.changesPath():
		return ok("path", "%s is stripped", d.Site.Base)
	case d.Report != nil:
		prefix = strings.TrimSuffix(d.Report.Path, d.ReportPath)
		f.Found = d.Site.Base + d.ReportPath + " arrives as " + d.Report.Path
	case isPartyline(d.Page) && d.Page.Status == http.StatusNotFound:
		f.Found = "partyline answers 404 to " + d.Site.URL("/")
	default:
		return skipped("path", "not known")
	}
	f.Text = "is not stripped of " + prefix
	f.Problem = "The proxy does not strip the prefix " + prefix + "."
	if prefix != d.Site.Base || prefix == "" {
		f.Text, f.Problem = "is changed", "The proxy changes paths."
	}
	f.Advice = d.advise(remedyPrefix(d.Site.Base, d.local()))
	return f
}

// tls finds out where TLS ends.
func (d *diagnosis) tls() Finding {
	if d.loops() {
		f := Finding{
			Check: "tls", State: Wrong, Text: "redirects to itself", Problem: "partyline requires TLS, and the proxy uses none to reach it.",
			Found:  "GET " + d.Site.URL("/") + " redirects to the same URL",
			Effect: "Browsers follow the redirect until they give up.",
		}
		proxy := "ADDRESS"
		if d.Report != nil {
			f.Found += "; the proxy " + d.peer() + " has connected without TLS"
			proxy = d.peer()
		}
		f.Advice = d.advise(remedyUpstream("https", d.local(), "server partyline "+d.local()+" ssl verify none"),
			or(server("--proxy "+proxy)))
		return f
	}
	if d.Page.TLS == nil {
		return skipped("tls", "the URL has no https")
	}
	text := tls.VersionName(d.Page.TLS.Version)
	if len(d.Page.TLS.PeerCertificates) > 0 {
		until := d.Page.TLS.PeerCertificates[0].NotAfter
		left := time.Until(until)
		text += ", certificate valid until " + until.UTC().Format(time.DateOnly)
		if left < renewBefore {
			return Finding{
				Check: "tls", State: Wrong, Text: text, Problem: fmt.Sprintf("The certificate ends in %d hours.", int(left.Hours())),
				Found: "a certificate that is valid until " + until.UTC().Format(time.RFC3339), Effect: "Then browsers refuse the page.",
				Advice: []Advice{{Where: "renew it, and reload the program that has it"}},
			}
		}
	}
	return ok("tls", "%s", text)
}

// noReport says why the server does not tell what arrives.
func (d *diagnosis) noReport() Finding {
	if d.ReportAnswer.Status == http.StatusForbidden {
		return skipped("report", "this machine may not read %s: run doctor on the machine of the server, with --connect 127.0.0.1:PORT of the proxy, or give --exempt ADDRESS to the server", "/debug/proxy")
	}
	return skipped("report", "/debug/proxy answers %s", status(d.ReportAnswer))
}

// http checks the version of HTTP between the proxy and the server.
func (d *diagnosis) http() Finding {
	f := Finding{
		Check: "http", State: Wrong, Problem: "The proxy uses HTTP/1.0.",
		Effect: "There are no WebSockets in HTTP/1.0: the page opens, and never connects.", Advice: d.advise(remedyVersion),
	}
	switch {
	case d.Report != nil && d.Report.Proto == "HTTP/1.1":
		return ok("http", "HTTP/1.1 arrives")
	case d.Report != nil && d.WebSocket.Answer.Status == http.StatusSwitchingProtocols:
		return ok("http", "%s arrives, except for the WebSocket", d.Report.Proto)
	case d.Report != nil:
		f.Text = d.Report.Proto + " arrives"
		f.Found = "requests arrive as " + d.Report.Proto
	case d.WebSocket.Answer.Status == http.StatusBadRequest && strings.Contains(d.WebSocket.Answer.Body, "HTTP/1.1"):
		f.Text, f.Found = "HTTP/1.0 arrives", "/ws answers "+says(d.WebSocket.Answer)
	default:
		return skipped("http", "not known")
	}
	return f
}

// host compares the Host that arrives with that of the site.
func (d *diagnosis) host() Finding {
	f := Finding{
		Check: "host", State: Wrong, Problem: "The proxy replaces the Host header.",
		Effect: "partyline takes its own page for one of another site, and refuses its WebSocket.", Advice: d.advise(remedyHost),
	}
	switch {
	case d.Page.Status == http.StatusMisdirectedRequest:
		f.Text, f.Found, f.Effect = status(d.Page), "partyline answers "+says(d.Page), "Nobody can open the page."
		if strings.Contains(d.Page.Body, `"`+d.Site.Host+`"`) {
			f.Problem = "partyline does not know its own name."
			f.Advice = []Advice{server("--host " + d.Site.hostname()), or(server("--proxy 127.0.0.1"))}
		}
		return f
	case d.Report != nil && plainHost(d.Site.Secure, strings.ToLower(d.Report.Host)) == d.Site.Host:
		return ok("host", "%s arrives", d.Report.Host)
	case d.Report != nil && d.WebSocket.Answer.Status == http.StatusSwitchingProtocols:
		return ok("host", "%s arrives; partyline accepts the page by --origin", d.Report.Host)
	case d.Report != nil:
		f.Text = d.Report.Host + " arrives, not " + d.Site.Host
		f.Found = "the Host " + d.Report.Host + ", and the Origin " + d.Report.Origin
	case d.refusesOrigin():
		f.Text, f.Found = "seems to be replaced", "/ws answers "+says(d.WebSocket.Answer)
	default:
		return skipped("host", "not known")
	}
	return f
}

// refusesOrigin reports whether the server has refused the WebSocket for its Origin.
func (d *diagnosis) refusesOrigin() bool {
	return d.WebSocket.Answer.Status == http.StatusForbidden && strings.Contains(d.WebSocket.Answer.Body, "origin")
}

// scheme checks whether the server knows that the client uses TLS.
func (d *diagnosis) scheme() Finding {
	f := Finding{Check: "scheme", Advice: d.advise(remedyScheme)}
	switch {
	case d.Report == nil:
		return skipped("scheme", "not known")
	case d.Site.Secure == (d.Report.Scheme == "https"):
		return ok("scheme", "%s, as sent", d.Report.Scheme)
	case !d.Site.Secure:
		f.State, f.Text, f.Problem = Wrong, "https is reported for http", "The proxy reports TLS to clients that use none."
		f.Effect = "partyline refuses the WebSocket of a page without TLS."
	case d.Report.Source == "connection":
		return skipped("scheme", "http is believed; see client")
	default:
		f.State, f.Text, f.Problem = Note, "http is believed", "The proxy does not report that clients use TLS."
		f.Effect = "partyline can't refuse the WebSocket of a page that the network has changed."
	}
	f.Found = "X-Forwarded-Proto is " + fmt.Sprintf("%q", d.Report.Forwarding["X-Forwarded-Proto"])
	return f
}

// buffering checks whether answers arrive in the pieces in which they are sent.
func (d *diagnosis) buffering() Finding {
	const sent, least = web.ReportPause, web.ReportPause / 4 // HAProxy sends what is small after 200 ms
	switch {
	case d.Report == nil:
		return skipped("buffering", "not known")
	case d.ReportAnswer.Err != nil:
		return skipped("buffering", "the answer has ended too early: %v", d.ReportAnswer.Err)
	case d.Pause >= least:
		return ok("buffering", "answers arrive at once")
	}
	return Finding{
		Check: "buffering", State: Note, Text: "answers are held back", Problem: "The proxy holds answers back until they are complete.",
		Found:  fmt.Sprintf("parts of an answer, sent %v apart, arrive %v apart", sent, seconds(d.Pause)),
		Effect: "A stream over HTTP would stall. The page and its WebSocket work.",
		Advice: d.advise(remedyBuffering),
	}
}

// maxSkew is the largest difference of two clocks that nobody minds.
const maxSkew = 5 * time.Second

// clock compares the clocks.
func (d *diagnosis) clock() Finding {
	if d.Report == nil {
		return skipped("clock", "not known")
	}
	skew := d.Report.Time.Sub(d.ReportAnswer.Sent.Add(d.ReportAnswer.Took / 2)).Round(time.Millisecond)
	if skew.Abs() <= maxSkew {
		return ok("clock", "differs by %v", skew.Abs())
	}
	word := "ahead of"
	if skew < 0 {
		word = "behind"
	}
	return Finding{
		Check: "clock", State: Wrong, Text: fmt.Sprintf("differs by %v", skew.Abs()), Problem: "The clocks of the server and of this machine differ.",
		Found:  fmt.Sprintf("the server is %v %s this machine", skew.Abs(), word),
		Effect: "Messages have wrong times, and certificates may seem invalid.",
		Advice: []Advice{{Where: "on the machine that is wrong", Lines: []string{"timedatectl set-ntp true"}}},
	}
}
