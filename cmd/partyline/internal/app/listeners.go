package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"partyline/cmd/partyline/internal/listen"
	"partyline/web"
)

// defaultUnixMode lets the user and the group of the server connect. A proxy needs to be in that
// group. Other users may be kept out of a unix socket, unlike of a loopback address.
const defaultUnixMode fs.FileMode = 0o660

// Listeners are bound and do not accept connections yet. A listener that is turned off is nil. TCP
// and HTTP may be the same listener.
type Listeners struct{ TCP, HTTP, Redirect, Admin net.Listener }

// shared reports whether TCP and HTTP are the same listener.
func (l Listeners) shared() bool { return l.TCP != nil && l.TCP == l.HTTP }

// Listen binds the listeners of a configuration. If it returns an error, none is bound.
func Listen(c Config) (Listeners, error) {
	var l Listeners
	o, err := listen.NewOpener(c.UnixMode)
	if err != nil {
		return l, err
	}
	for _, want := range []struct {
		flag, addr string
		to         *net.Listener
	}{{"tcp", c.TCP, &l.TCP}, {"http", c.HTTP, &l.HTTP}, {"http-redirect", c.TLS.Redirect, &l.Redirect}, {"admin", c.Admin, &l.Admin}} {
		switch {
		case err != nil || want.addr == "":
		case want.flag == "http" && c.HTTP == c.TCP && !isAnyPort(l.TCP, c.TCP):
			l.HTTP = l.TCP
		default:
			*want.to, err = bind(o, c.source(want.flag), want.addr)
			if errors.Is(err, listen.ErrTaken) && want.flag == "http" && hasPort(l.TCP, want.addr) {
				err = fmt.Errorf("%s %s is taken by %s %s: give both the same address, in the same form, to serve both there",
					c.source("http"), c.HTTP, c.source("tcp"), c.TCP)
			}
		}
	}
	if unused := o.Close(); err == nil && unused != nil {
		err = fmt.Errorf("the service manager passes the socket fd:%s, but no flag has the address fd:%[1]s", unused[0])
	}
	if err != nil {
		l.close()
		return Listeners{}, err
	}
	return l, nil
}

func bind(o *listen.Opener, source, addr string) (net.Listener, error) {
	ln, err := o.Open(addr)
	switch {
	case errors.Is(err, listen.ErrTaken):
		return nil, fmt.Errorf("%s %s is %w: stop that program, or choose another address", source, addr, err)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w", source, addr, err)
	}
	return ln, nil
}

// isAnyPort reports whether ln has a free port that the system has chosen for addr. It chooses
// another one the next time.
func isAnyPort(ln net.Listener, addr string) bool {
	_, isTCP := ln.Addr().(*net.TCPAddr)
	_, port, err := net.SplitHostPort(addr)
	return isTCP && err == nil && (port == "" || port == "0")
}

// hasPort reports whether ln, which may be nil, has the port of addr.
func hasPort(ln net.Listener, addr string) bool {
	if ln == nil {
		return false
	}
	tcp, isTCP := ln.Addr().(*net.TCPAddr)
	_, port, err := net.SplitHostPort(addr)
	return isTCP && err == nil && port == strconv.Itoa(tcp.Port)
}

// close closes the listeners. It may be called more than once.
func (l Listeners) close() {
	for _, ln := range []net.Listener{l.TCP, l.HTTP, l.Redirect, l.Admin} {
		if ln != nil {
			ln.Close()
		}
	}
}

// acceptedHosts returns the Host headers that the HTTP server at ln accepts; nil for any. Without
// --host a server on a loopback address accepts only loopback names, to prevent DNS rebinding. A
// browser can't connect to a unix socket. The domains of the certificates are names of the server.
func (c *Config) acceptedHosts(ln net.Listener) (web.Hosts, error) {
	hosts, err := web.ParseHosts(slices.Concat(c.Hosts, c.TLS.Domains))
	if err != nil || len(c.Hosts) > 0 {
		return hosts, err
	}
	if ln != nil {
		if addr, ok := ln.Addr().(*net.TCPAddr); ok && addr.IP.IsLoopback() {
			return hosts, nil
		}
	}
	return nil, nil
}

// webAddress returns the URL of the page, with or without TLS, or "" without a TCP address. If the
// listener is on all addresses, the URL has the host name of this machine.
func webAddress(ln net.Listener, secure bool) string {
	if ln == nil {
		return ""
	}
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "localhost"
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s/", scheme, net.JoinHostPort(host, strconv.Itoa(addr.Port)))
}

// logListeners logs the addresses of the listeners, and the flags that make loopback listeners
// accept connections from other machines.
func logListeners(log *slog.Logger, l Listeners, secure bool) {
	var public []string
	if l.TCP != nil {
		log.Info("listening", "tcp", addressOf(l.TCP), "try", netcat(l.TCP, local(l.TCP)))
		public = append(public, publicFlag("tcp", l.TCP)...)
	}
	if l.HTTP != nil {
		try := webAddress(l.HTTP, secure)
		if try == "" {
			try = plainURL(l.HTTP, netip.AddrPort{})
		}
		log.Info("listening", "http", addressOf(l.HTTP), "try", try)
		public = append(public, publicFlag("http", l.HTTP)...)
	}
	if l.Redirect != nil {
		log.Info("listening", "redirect", addressOf(l.Redirect))
	}
	if l.Admin != nil {
		log.Info("listening", "admin", addressOf(l.Admin))
	}
	if public != nil {
		log.Info("listening on loopback only", "public", strings.Join(public, " "))
	}
}

// warnOfAdmin logs that others may reach the operator's listener.
func warnOfAdmin(log *slog.Logger, l Listeners) {
	if l.Admin == nil {
		return
	}
	if addr, ok := l.Admin.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() {
		log.Warn("the admin listener is not on loopback: it shows the addresses of clients, and lets profile the program",
			"hint", "keep others away from it with a firewall, or use --admin 127.0.0.1:"+strconv.Itoa(addr.Port))
	}
}

// addressOf returns the address of a listener as --tcp and --http take it.
func addressOf(ln net.Listener) string {
	if addr, ok := ln.Addr().(*net.UnixAddr); ok {
		return "unix:" + addr.Name
	}
	return ln.Addr().String()
}

// netcat returns the command that connects to a listener at an address, which is zero for a unix socket.
func netcat(ln net.Listener, at netip.AddrPort) string {
	if !at.IsValid() {
		return "nc -U " + shellWord(ln.Addr().String())
	}
	return fmt.Sprint("nc ", at.Addr(), " ", at.Port())
}

// publicFlag returns the flag that makes a listener on a loopback address accept connections from
// other machines, or nothing for another address.
func publicFlag(name string, ln net.Listener) []string {
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() {
		return nil
	}
	return []string{fmt.Sprintf("--%s :%d", name, addr.Port)}
}

// modeVar adds a flag for the permissions of a file, an octal number.
func modeVar(f *pflag.FlagSet, to *fs.FileMode, name, usage string) {
	f.Var(&value[fs.FileMode]{to: to, parse: func(s string) (fs.FileMode, error) {
		n, err := strconv.ParseUint(strings.TrimPrefix(s, "0o"), 8, 32)
		if err != nil || n > 0o777 {
			return 0, errors.New("is not an octal mode between 0000 and 0777, such as 0660")
		}
		return fs.FileMode(n), nil
	}, kind: "mode", format: func(m fs.FileMode) string { return fmt.Sprintf("%04o", uint32(m)) }}, name, usage)
}
