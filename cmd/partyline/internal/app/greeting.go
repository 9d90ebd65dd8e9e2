package app

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"partyline/hub/admission"
	"partyline/web"
)

// A greeting tells the person at the terminal of a new server how to connect to it.
type greeting struct {
	config    Config
	names     []string     // those in the certificate; nil without TLS
	addresses []netip.Addr // of this machine in its networks

	text strings.Builder
	last string // the label of the last row
}

// newGreeting returns the lines for a server with certificates for names, on a machine with addresses.
func newGreeting(c Config, l Listeners, names []string, addresses []netip.Addr) string {
	g := &greeting{config: c, names: names, addresses: addresses}
	fmt.Fprintln(&g.text, "partyline", c.Version)
	if l.TCP != nil {
		g.row("netcat", g.netcat(l.TCP, local(l.TCP)))
		if names != nil && local(l.TCP).IsValid() {
			g.row("talk", g.talk(local(l.TCP)))
		}
	}
	if l.HTTP != nil {
		g.row("browser", g.url(l.HTTP, local(l.HTTP)))
	}
	g.others(l)
	if l.Redirect != nil {
		g.row("redirect", addressOf(l.Redirect))
	}
	if l.Admin != nil {
		g.row("operator", plainURL(l.Admin, local(l.Admin)))
	}
	switch {
	case c.History.Messages == 0:
		g.row("history", "none")
	case len(c.History.NATS.URLs) > 0:
		g.row("history", "in NATS, for all servers with the same --nats-stream")
	case c.History.Dir == "":
		g.row("history", "in memory; --data keeps it")
	default:
		g.row("history", "in "+c.History.Dir)
	}
	g.row("stop", "Ctrl-C")
	g.text.WriteByte('\n')
	return g.text.String()
}

// row adds a line. A label that is that of the line before is not repeated.
func (g *greeting) row(label, text string) {
	if label == g.last {
		label = ""
	} else {
		g.last = label
	}
	fmt.Fprintf(&g.text, "  %-8s  %s\n", label, text)
}

// others adds how other machines connect, if that differs, and which flags let them.
func (g *greeting) others(l Listeners) {
	var open, closed, flags []string
	for _, at := range []struct {
		flag, addr, name string
		ln               net.Listener
		how              func(net.Listener, netip.AddrPort) string
	}{{"tcp", g.config.TCP, "with netcat", l.TCP, g.netcat}, {"http", g.config.HTTP, "in a browser", l.HTTP, g.url}} {
		if at.ln == nil {
			continue
		}
		here := local(at.ln)
		switch {
		case !here.IsValid(): // a unix socket
		case isWildcard(at.ln):
			there := g.fromOutside(at.ln)
			if !there.IsValid() {
				open = append(open, "this machine has no network now")
			} else if how := at.how(at.ln, there); how != at.how(at.ln, here) {
				open = append(open, how)
			}
		case here.Addr().IsLoopback() && len(g.config.Limits.Proxies) == 0:
			closed = append(closed, at.name)
			if !strings.HasPrefix(at.addr, "fd:") {
				flags = append(flags, publicFlag(at.flag, at.ln)...)
			}
		}
	}
	if len(closed) == 1 && l.TCP != nil && l.HTTP != nil {
		closed[0] = "not " + closed[0]
	} else if closed != nil {
		closed = []string{"not yet"}
	}
	if flags != nil {
		closed = []string{closed[0] + ": start with", strings.Join(flags, " ")}
	}
	for _, how := range append(slices.Compact(open), closed...) {
		g.row("others", how)
	}
}

// netcat returns the command that connects to ln at an address, which is zero for a unix socket.
func (g *greeting) netcat(ln net.Listener, at netip.AddrPort) string {
	if admission.Within(g.config.Limits.proxyNetworks(), at.Addr()) {
		return "by a proxy at " + addressOf(ln)
	}
	return netcat(ln, at)
}

// talk returns the command that connects with TLS.
func (g *greeting) talk(at netip.AddrPort) string {
	return "partyline talk tls://" + hostPort(g.host(at.Addr()), at.Port())
}

// url returns the URL of the page of ln at an address, or a command if ln is a unix socket.
func (g *greeting) url(ln net.Listener, at netip.AddrPort) string {
	limits := &g.config.Limits
	switch {
	case limits.ProxyHeader == web.PROXY && admission.Within(limits.proxyNetworks(), at.Addr()):
		return "by a proxy at " + addressOf(ln)
	case g.names == nil || !at.IsValid():
		return plainURL(ln, at)
	}
	return "https://" + strings.TrimSuffix(hostPort(g.host(at.Addr()), at.Port()), ":443") + "/"
}

// host returns the name of the certificate by which a client connects to an address.
func (g *greeting) host(addr netip.Addr) string {
	if addr.IsLoopback() && slices.Contains(g.names, "localhost") {
		return "localhost"
	}
	i := slices.IndexFunc(g.names, func(name string) bool { return !strings.HasPrefix(name, "*") })
	if i < 0 || slices.Contains(g.names, addr.String()) {
		return addr.String()
	}
	return g.names[i]
}

// fromOutside returns an address at which other machines reach a listener on all addresses, or the zero
// AddrPort.
func (g *greeting) fromOutside(ln net.Listener) netip.AddrPort {
	at := ln.Addr().(*net.TCPAddr).AddrPort()
	for _, a := range g.addresses {
		if a.Is4() || !at.Addr().Is4() {
			return netip.AddrPortFrom(a, at.Port())
		}
	}
	return netip.AddrPort{}
}

// plainURL returns the URL of a listener without TLS at an address, or the command that asks at a unix
// socket.
func plainURL(ln net.Listener, at netip.AddrPort) string {
	if !at.IsValid() {
		return "curl --unix-socket " + shellWord(ln.Addr().String()) + " http://localhost/"
	}
	return "http://" + strings.TrimSuffix(hostPort(at.Addr().String(), at.Port()), ":80") + "/"
}

// hostPort joins a host and a port.
func hostPort(host string, port uint16) string { return net.JoinHostPort(host, fmt.Sprint(port)) }

// isWildcard reports whether a listener is on all addresses of this machine.
func isWildcard(ln net.Listener) bool {
	tcp, ok := ln.Addr().(*net.TCPAddr)
	return ok && tcp.IP.IsUnspecified()
}

// local returns an address at which this machine reaches a listener, or the zero AddrPort for a unix socket.
func local(ln net.Listener) netip.AddrPort {
	tcp, ok := ln.Addr().(*net.TCPAddr)
	switch {
	case !ok:
		return netip.AddrPort{}
	case isWildcard(ln):
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(tcp.Port))
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// networkAddresses returns the addresses of this machine that others may reach, those of IPv4 first.
func networkAddresses() []netip.Addr {
	found := slices.DeleteFunc(ownAddresses(), func(a netip.Addr) bool { return !a.IsGlobalUnicast() })
	slices.SortStableFunc(found, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return found
}

// shellWord returns a text as one word of a shell.
func shellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@,=", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
