package client

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// defaultTCPPort is the port of a TCP address without one.
const defaultTCPPort = "4000"

// A target is where and how to connect.
type target struct {
	scheme string // tcp, tls, unix, ws or wss
	addr   string // host:port, or the path of a unix socket
	host   string // the host without the port
	path   string // of a ws or wss target, starts with a slash
	query  url.Values
}

// String returns the target as an address that Dial accepts.
func (t *target) String() string {
	switch t.scheme {
	case "unix":
		return "unix:" + t.addr
	case "ws", "wss":
		u := url.URL{Scheme: t.scheme, Host: t.addr, Path: t.path}
		return u.String()
	}
	return t.scheme + "://" + t.addr
}

// Addresses returns the addresses that Dial tries for an address, each as Client.Address returns it.
func Addresses(address string) ([]string, error) {
	targets, err := parseAddress(address)
	list := make([]string, len(targets))
	for i, t := range targets {
		list[i] = t.String()
	}
	return list, err
}

// parseAddress returns the targets that an address may mean, in the order in which to try them.
func parseAddress(address string) ([]*target, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		if path == "" {
			return nil, fmt.Errorf("address %q has no path: write unix:/run/partyline.sock", address)
		}
		return []*target{{scheme: "unix", addr: path}}, nil
	}
	scheme, _, hasScheme := strings.Cut(address, "://")
	if !hasScheme {
		return parseBare(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("address %q is not a URL: %w", address, err)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("address %q has no host", address)
	}
	t := &target{scheme: u.Scheme, host: u.Hostname(), path: u.Path, query: u.Query()}
	port := u.Port()
	switch t.scheme {
	case "tcp", "tls":
		port = cmp.Or(port, defaultTCPPort)
	case "http", "https":
		// The page and its WebSocket are next to each other.
		t.scheme = map[string]string{"http": "ws", "https": "wss"}[t.scheme]
		if !strings.HasSuffix(t.path, "/ws") {
			t.path = strings.TrimSuffix(t.path, "/") + "/ws"
		}
	case "ws", "wss":
		if t.path == "" || t.path == "/" {
			t.path = "/ws"
		}
	default:
		return nil, fmt.Errorf("address %q: %s is not one of tcp, tls, ws, wss, http, https and unix", address, scheme)
	}
	t.addr = net.JoinHostPort(t.host, cmp.Or(port, map[string]string{"ws": "80", "wss": "443"}[t.scheme]))
	return []*target{t}, nil
}

// parseBare parses an address without a scheme: HOST:PORT, which is TCP, or HOST, which may be any of a
// page over TLS, a page, and a TCP port.
func parseBare(address string) ([]*target, error) {
	if host, port, err := net.SplitHostPort(address); err == nil {
		if host == "" {
			host = "localhost"
		}
		if port == "" || strings.ContainsAny(port, "/?#") {
			return nil, fmt.Errorf("address %q has no port: write HOST:PORT, or a URL", address)
		}
		return []*target{{scheme: "tcp", host: host, addr: net.JoinHostPort(host, port)}}, nil
	}
	host := strings.TrimSuffix(strings.TrimPrefix(address, "["), "]")
	if host == "" || strings.ContainsAny(host, "/?#@ ") {
		return nil, fmt.Errorf("address %q is neither HOST, HOST:PORT nor a URL", address)
	}
	return []*target{
		{scheme: "wss", host: host, addr: net.JoinHostPort(host, "443"), path: "/ws"},
		{scheme: "ws", host: host, addr: net.JoinHostPort(host, "80"), path: "/ws"},
		{scheme: "tcp", host: host, addr: net.JoinHostPort(host, defaultTCPPort)},
	}, nil
}
