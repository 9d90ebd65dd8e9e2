package doctor

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"partyline/web"
)

// webSocket checks that a WebSocket opens as a browser opens it.
func (d *diagnosis) webSocket() Finding {
	a := d.WebSocket.Answer
	f := Finding{Check: "websocket", State: Wrong, Text: says(a), Found: "/ws answers " + says(a), Effect: "The page opens, and never connects."}
	if a.Err != nil {
		f.Text, f.Found = "no answer", "/ws: "+a.Err.Error()
	}
	switch {
	case a.Status == http.StatusSwitchingProtocols && d.WebSocket.Welcome:
		return ok("websocket", "opens in %s", seconds(a.Took))
	case a.Status == http.StatusSwitchingProtocols:
		f.Text, f.Problem, f.Found = "opens, but no welcome arrives", "The WebSocket opens, and nothing arrives over it.", "no welcome"
		f.Advice = d.advise(remedyUpgrade)
		return f
	case d.loops() || d.Page.Status == http.StatusMisdirectedRequest:
		return skipped("websocket", "%s; see above", status(a))
	case a.Status == http.StatusUpgradeRequired, d.missesUpgrade() && a.Status == http.StatusBadRequest:
		f.Problem = "The proxy does not forward the request for a WebSocket."
		if d.Report != nil {
			f.Found += fmt.Sprintf("; with %q for Upgrade, %q for Connection", d.Report.Upgrade, d.Report.Connection)
		}
		f.Advice = d.advise(remedyUpgrade)
		if d.Report == nil { // otherwise see http
			f.Advice = append(d.advise(remedyVersion), f.Advice...)
		}
	case d.refusesOrigin() && d.Report != nil && d.Report.Scheme == "https" && !d.Site.Secure:
		return skipped("websocket", "%s; see scheme", status(a))
	case d.refusesOrigin():
		return skipped("websocket", "%s; see host", status(a))
	case a.Status == http.StatusBadRequest && strings.Contains(a.Body, "HTTP/1.1"):
		return skipped("websocket", "%s; see http", status(a))
	case a.Status == http.StatusNotFound && (d.changesPath() || isPartyline(d.Page) && d.Page.Status == http.StatusNotFound):
		return skipped("websocket", "%s; see path", status(a))
	case a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable:
		f.Problem, f.Effect = "The server has turned the client away.", "Others may be turned away too."
		f.Advice = []Advice{server("--max-per-address N")}
	case d.Page.Status != http.StatusOK:
		return skipped("websocket", "%s; see page", status(a))
	default:
		f.Problem = "The WebSocket does not open."
		f.Advice = d.advise(remedyUpgrade)
	}
	return f
}

// missesUpgrade reports whether the headers of a request for a WebSocket are known not to arrive.
func (d *diagnosis) missesUpgrade() bool {
	return d.Report != nil && (!strings.EqualFold(d.Report.Upgrade, "websocket") || !strings.Contains(strings.ToLower(d.Report.Connection), "upgrade"))
}

// longestPing is the largest value of --ping.
const longestPing = 25 * time.Second

// idle checks that an idle WebSocket lives until a ping.
func (d *diagnosis) idle() Finding {
	w := d.WebSocket
	interval := ""
	if d.Report != nil {
		interval = ", which partyline sends every " + d.Report.Ping
	}
	f := Finding{Check: "idle", State: Wrong, Advice: d.advise(remedyTimeout)}
	switch {
	case !w.Welcome:
		return skipped("idle", "no WebSocket")
	case w.Ping > 0:
		return ok("idle", "a ping arrived after %s", seconds(w.Ping))
	case w.Reason != "":
		return skipped("idle", "the server has ended the WebSocket: %s", w.Reason)
	case w.Ended > 0:
		f.Text = "ended after " + seconds(w.Ended)
		f.Problem = "The proxy ends a WebSocket that is idle."
		f.Found = "the WebSocket ended after " + seconds(w.Ended) + ", before a ping" + interval
		f.Effect = "In a quiet room all pages connect again and again."
		return f
	}
	ping := longestPing
	if d.Report != nil {
		if p, err := time.ParseDuration(d.Report.Ping); err == nil {
			ping = p
		}
	}
	if d.Idle <= ping {
		return skipped("idle", "it lived for %s, and the first ping comes after %s: wait longer with --idle", seconds(d.Idle), ping)
	}
	f.Text = "no ping in " + seconds(d.Idle)
	f.Problem = "No ping arrives over the WebSocket."
	f.Found = f.Text + interval
	f.Effect = "Something in between holds messages back: they come late, or never."
	f.Advice = d.advise(remedyBuffering)
	return f
}

// client checks which address the server believes.
func (d *diagnosis) client() Finding {
	if d.Report == nil {
		return skipped("client", "not known")
	}
	r := d.Report
	f := Finding{
		Check: "client", State: Wrong, Text: "counts as " + d.peer() + ", the proxy",
		Effect: "All clients count as " + d.peer() + ": limits per address, and the log, do not tell them apart.",
	}
	// If the proxy sets another header than that of --proxy-header, it must set that.
	set := d.advise(remedyClient[r.ProxyHeader])
	if d.software == caddy && r.ProxyHeader == web.XForwardedFor {
		set = nil // Caddy sets it by itself
	}
	trust := server("--proxy " + d.peer())
	switch {
	case r.Invalid != "":
		f.Problem = "The proxy reports no address."
		f.Found = fmt.Sprintf("%q in %s", r.Invalid, r.ProxyHeader)
		f.Advice = set
	case r.Source != "connection":
		return ok("client", "%s, from %s of the proxy %s", d.address(), r.Source, d.peer())
	case !d.throughProxy():
		return ok("client", "%s, without a proxy", d.address())
	case r.Proxy && d.Page.Header.Get("Server") == "" && len(r.Forwarding) == 0:
		return ok("client", "%s, which is a proxy by --proxy", d.address())
	case r.Proxy:
		f.Problem = "The proxy does not report its clients."
		f.Found = fmt.Sprintf("no %s from %s, which is a proxy by --proxy", r.ProxyHeader, d.peer())
		f.Advice = set
	case len(r.Forwarding[r.ProxyHeader]) > 0:
		f.Problem = "partyline does not believe the proxy."
		f.Found = fmt.Sprintf("%s: %s from %s, which is no proxy by --proxy", r.ProxyHeader, strings.Join(r.Forwarding[r.ProxyHeader], ", "), d.peer())
		f.Advice = []Advice{trust}
	default:
		f.Problem = "The proxy does not report its clients, and partyline would not believe it."
		f.Found = fmt.Sprintf("no %s from %s, which is no proxy by --proxy", r.ProxyHeader, d.peer())
		f.Advice = append(set, trust)
	}
	return f
}

// address returns the address that the server believes, without its port.
func (d *diagnosis) address() string {
	if d.Report.Client == "" {
		return "a unix socket"
	}
	addr, _, _ := net.SplitHostPort(d.Report.Client)
	return addr
}

// tcp checks who may choose an address at the TCP listener.
func (d *diagnosis) tcp() Finding {
	t := d.TCP
	switch {
	case t.Address == "":
		return skipped("tcp", "no address: give one with --tcp HOST:PORT")
	case t.Plain.DialErr != nil && !t.Given:
		return skipped("tcp", "nothing at %s: give the address with --tcp HOST:PORT", t.Address)
	}
	f := Finding{Check: "tcp", State: Wrong, Effect: "netcat can't connect."}
	proxy := "ADDRESS"
	if d.Report != nil {
		proxy = d.peer()
	}
	switch {
	case t.Plain.DialErr != nil:
		f.Text, f.Problem, f.Found = "no answer", "Nothing accepts connections at "+t.Address+".", t.Plain.DialErr.Error()
		f.Advice = []Advice{{Where: "start the proxy, or correct the address"}}
	case t.Plain.isWelcome() && t.Claimed.isWelcome():
		f.Text, f.Problem = "believes a PROXY header of anybody", "A client can choose its address at "+t.Address+"."
		f.Found = "a welcome without a PROXY header, and with one from " + claimedAddress
		f.Effect = "A client can avoid limits per address, and put any address in the log."
		f.Advice = []Advice{{Where: "have the program at " + t.Address + " accept PROXY headers from its own proxy only"}}
	case t.Plain.isWelcome():
		return ok("tcp", "%s answers, and believes no PROXY header from here", t.Address)
	case t.Claimed.isWelcome() && t.Direct:
		return ok("tcp", "%s requires a PROXY header, and believes one from here, which is a proxy by --proxy", t.Address)
	case t.Claimed.isWelcome():
		f.Text, f.Problem = "requires a PROXY header from the client", "The proxy does not send a PROXY header, and passes on one that a client makes up."
		f.Found = "no welcome without a PROXY header, and one with a header from " + claimedAddress
		f.Effect = "netcat can't connect, and others can choose their address."
		f.Advice = d.advise(remedyPROXY)
	case strings.Contains(t.Plain.Line, "PROXY header"):
		f.Text, f.Problem = "refuses the PROXY header of the proxy", "partyline does not believe the PROXY header of the proxy."
		f.Found = "the answer is: " + t.Plain.Line
		f.Advice = []Advice{server("--proxy " + proxy)}
	case t.Plain.Line != "":
		f.Text, f.Problem = "no welcome", "The client is turned away, or something else answers at "+t.Address+"."
		f.Found = "the answer is: " + t.Plain.Line
	default:
		f.Text, f.Problem = "no answer", "A connection to "+t.Address+" gets no answer."
		f.Found = fmt.Sprint("without and with a PROXY header: ", t.Plain.Err)
		f.Advice = []Advice{{Where: "check the address to which the proxy connects, and --tcp of partyline"}}
	}
	return f
}
