package doctor

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// A State is the result of a check.
type State int

// The states. A Note is advice about something that breaks nothing now.
const (
	OK State = iota
	Note
	Wrong
	Skipped
)

// A Finding is the result of one check.
type Finding struct {
	Check string // one word
	State State
	Text  string // what was found, on one line

	// These are set if the state is Note or Wrong.
	Problem string // one sentence
	Found   string // the evidence
	Effect  string
	Advice  []Advice // what to add, in one of these places
}

// An Advice is what to add to one configuration.
type Advice struct {
	For   string   // nginx, Caddy, HAProxy, partyline or another program
	Where string   // in the configuration
	Lines []string // none if Where says it all
	Or    bool     // it is an alternative to the advice before it
}

// Diagnose returns one finding for each check, in a fixed order. A check that another one makes
// pointless is skipped.
func Diagnose(o *Observation) []Finding {
	d := &diagnosis{Observation: o, software: software(o.Page.Header)}
	if o.Page.Err != nil {
		return []Finding{d.unreachable()}
	}
	all := []Finding{d.page(), d.path(), d.tls()}
	if o.Report == nil {
		all = append(all, d.noReport())
	}
	return append(all, d.http(), d.host(), d.webSocket(), d.idle(), d.client(), d.scheme(), d.buffering(), d.clock(), d.tcp())
}

// HasWrong reports whether a finding is Wrong.
func HasWrong(all []Finding) bool {
	for _, f := range all {
		if f.State == Wrong {
			return true
		}
	}
	return false
}

// A diagnosis is in progress.
type diagnosis struct {
	*Observation
	software string // the name of the proxy; "" if it is not known
}

func ok(check, format string, args ...any) Finding {
	return Finding{Check: check, Text: fmt.Sprintf(format, args...)}
}

func skipped(check, format string, args ...any) Finding {
	return Finding{Check: check, State: Skipped, Text: fmt.Sprintf(format, args...)}
}

// software returns the name of the proxy that has sent an answer, if it says so. Partyline itself
// sends no Server header.
func software(h http.Header) string {
	server := strings.ToLower(h.Get("Server") + " " + h.Get("Via"))
	for _, name := range []string{nginx, caddy, haproxy} {
		if strings.Contains(server, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

// throughProxy reports whether a proxy shows in the answer or in what arrived.
func (d *diagnosis) throughProxy() bool {
	return d.Page.Header.Get("Server") != "" || d.Page.Header.Get("Via") != "" || d.Report != nil && (len(d.Report.Forwarding) > 0 || d.Report.Proxy)
}

// isPartyline reports whether the server has sent an answer, and not a proxy.
func isPartyline(a Answer) bool {
	return a.Header.Get("Referrer-Policy") == "no-referrer" && strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'")
}

// status returns the status of an answer with its name.
func status(a Answer) string {
	if a.Err != nil {
		return "no answer"
	}
	return fmt.Sprint(a.Status, " ", http.StatusText(a.Status))
}

// firstLine returns what an answer says, if that is for people.
func firstLine(a Answer) string {
	line, _, _ := strings.Cut(strings.TrimSpace(a.Body), "\n")
	if strings.HasPrefix(line, "<") || strings.HasPrefix(line, "{") {
		return ""
	}
	return line
}

// says returns the status of an answer and its first line.
func says(a Answer) string {
	if line := firstLine(a); line != "" {
		return status(a) + ": " + line
	}
	return status(a)
}

// redirect returns the target of a redirect, or nil.
func (d *diagnosis) redirect() *url.URL {
	if d.Page.Status < 300 || d.Page.Status > 399 {
		return nil
	}
	base, err := url.Parse(d.Site.URL("/"))
	if err != nil {
		return nil
	}
	to, err := base.Parse(d.Page.Header.Get("Location"))
	if err != nil {
		return nil
	}
	return to
}

// loops reports whether the page redirects to itself.
func (d *diagnosis) loops() bool {
	to := d.redirect()
	if to == nil {
		return false
	}
	secure := to.Scheme == "https"
	return secure == d.Site.Secure && plainHost(secure, strings.ToLower(to.Host)) == d.Site.Host && to.EscapedPath() == d.Site.Base+"/"
}

// changesPath reports whether a path is known to arrive as another one.
func (d *diagnosis) changesPath() bool { return d.Report != nil && d.Report.Path != d.ReportPath }

// local returns the address of the server behind the proxy.
func (d *diagnosis) local() string {
	if d.Report != nil {
		if _, err := netip.ParseAddrPort(d.Report.Local); err == nil {
			return d.Report.Local
		}
	}
	return "127.0.0.1:8080"
}

// peer returns the proxy as --proxy takes it.
func (d *diagnosis) peer() string {
	addr, err := netip.ParseAddrPort(d.Report.Peer)
	if err != nil {
		return "unix"
	}
	return addr.Addr().Unmap().String()
}

// seconds returns a duration for people.
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprint(d.Round(time.Millisecond))
	}
	return fmt.Sprint(d.Round(100 * time.Millisecond))
}
