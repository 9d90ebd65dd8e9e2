package app

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/spf13/pflag"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/socket"
	"partyline/web"
	"partyline/wsgw"
)

// Limits bound what clients can use. Each has a flag.
type Limits struct {
	Rate          float64 // lines that a member may send in a second; 0 for no limit
	Burst         int     // lines that a member may send at once
	MaxLine       int     // bytes
	MaxFragments  int     // frames of a WebSocket message
	PageLimit     int     // stored messages in the answer to a request
	MaxMembers    int     // 0 for what the file descriptors allow
	MaxPerAddress int     // members from one address; 0 for no limit
	MaxArrivals   int     // new members from one address in a minute; 0 for no limit
	Exempt        []string
	Proxies       []string
	ProxyHeader   string // the header in which HTTP proxies report the client
	MaxRooms      int    // rooms with members; 0 for no limit
	MaxNewRooms   int    // rooms that one address may create at once; 0 for no limit
	Window        int64  // bytes that a room keeps for slow readers
	MaxBacklog    int64  // bytes that all rooms together keep for slow readers
	WriteTimeout  time.Duration
	MaxHeader     int // bytes in the header of an HTTP request
	HeaderTimeout time.Duration
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// defaultLimits suit a server that is open to the public.
var defaultLimits = Limits{
	Rate: 10, Burst: 40, MaxLine: hub.DefaultMaxLine, MaxFragments: wsgw.MaxFragments, PageLimit: hub.DefaultPageLimit,
	MaxPerAddress: 64, MaxArrivals: 120, ProxyHeader: web.XForwardedFor, MaxRooms: 10_000, MaxNewRooms: 20,
	Window: hub.DefaultWindow, MaxBacklog: 256 * mib,
	WriteTimeout: socket.WriteTimeout, MaxHeader: 16 * kib, HeaderTimeout: 10 * time.Second,
}

// addMaxLine adds the flag for the size of a line.
func addMaxLine(f *pflag.FlagSet, to *int) {
	sizeVar(f, to, "max-line", 1, 16, mib, "maximum size of a line from a member, in bytes")
}

// AddFlags adds a flag for each limit. The current values are the defaults.
func (l *Limits) AddFlags(f *pflag.FlagSet) {
	floatVar(f, &l.Rate, "rate", "lines a second that a member may send before its input is read more slowly; 0 for no limit")
	intVar(f, &l.Burst, "burst", 1, math.MaxInt32, "lines that a member may send at once, whatever --rate is")
	addMaxLine(f, &l.MaxLine)
	intVar(f, &l.MaxFragments, "max-fragments", 1, math.MaxInt32, "maximum number of frames in a WebSocket message")
	intVar(f, &l.PageLimit, "max-asked", 1, 10_000, "maximum number of stored messages in the answer to a request")
	intVar(f, &l.MaxMembers, "max-members", 0, math.MaxInt32, "maximum number of members in all rooms; 0 for as many as the file descriptors allow")
	intVar(f, &l.MaxPerAddress, "max-per-address", 0, math.MaxInt32, "maximum number of members from one address (one /64 of IPv6); 0 for no limit")
	intVar(f, &l.MaxArrivals, "max-arrivals", 0, 1_000_000, "maximum number of new members from one address in a minute; 0 for no limit")
	listVar(f, &l.Exempt, "exempt", checkNetworks, "networks", "network whose addresses have no limit per address, and may read /debug/proxy, in addition to this machine; may be repeated")
	listVar(f, &l.Proxies, "proxy", checkNetworks, "networks", "network of proxies that report the client's address: a TCP connection from it starts with a PROXY header, an HTTP request has the header of --proxy-header; unix for the unix sockets; may be repeated")
	choiceVar(f, &l.ProxyHeader, "proxy-header", "header in which proxies report the client's address to the HTTP server; clients can forge the others: X-Forwarded-For, Forwarded, X-Real-IP, or PROXY for a PROXY header at the start of each connection", web.XForwardedFor, web.Forwarded, web.XRealIP, web.PROXY)
	intVar(f, &l.MaxRooms, "max-rooms", 0, math.MaxInt32, "maximum number of rooms with members; 0 for no limit")
	intVar(f, &l.MaxNewRooms, "max-new-rooms", 0, math.MaxInt32, "maximum number of rooms that one address may create at once; it may create one more each minute; 0 for no limit")
	sizeVar(f, &l.Window, "window", kib, 64*kib, gib, "maximum memory in which a room keeps messages for slow readers, in KiB")
	sizeVar(f, &l.MaxBacklog, "max-backlog", mib, 1*mib, 1024*gib, "maximum memory in which all rooms together keep messages for slow readers, in MiB")
	durationVar(f, &l.WriteTimeout, "write-timeout", 10*time.Millisecond, "time after which a client that accepts no byte is disconnected; also the maximum time for reading the input of a client that has hung up")
	sizeVar(f, &l.MaxHeader, "max-header", kib, 1*kib, 1*mib, "maximum size of the header of an HTTP request, in KiB")
	durationVar(f, &l.HeaderTimeout, "header-timeout", time.Millisecond, "time within which the header of an HTTP request, or a PROXY header, must arrive")
}

func checkNetworks(list []string) error {
	_, err := parseNetworks(list)
	return err
}

// parseNetworks parses networks and addresses. An address is a network of one, and "unix" is
// admission.Unix.
func parseNetworks(list []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, s := range list {
		if s == "unix" {
			networks = append(networks, admission.Unix)
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			addr, err := netip.ParseAddr(s)
			if err != nil {
				return nil, fmt.Errorf("%q is not a network like 192.0.2.0/24, an address or unix", s)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 { // addresses are compared in their IPv4 form
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		networks = append(networks, p.Masked())
	}
	return networks, nil
}

// exemptNetworks returns the networks without limits per address. They include this machine, for
// its own users and for proxies that report no addresses.
func (l *Limits) exemptNetworks() []netip.Prefix {
	listed, _ := parseNetworks(l.Exempt) // checkNetworks has checked them
	return append(listed, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
}

// proxyNetworks returns the networks of trusted proxies.
func (l *Limits) proxyNetworks() []netip.Prefix {
	networks, _ := parseNetworks(l.Proxies) // checkNetworks has checked them
	return networks
}

// hubLimits returns the limits that the hub enforces.
func (l *Limits) hubLimits() admission.Limits {
	members := l.MaxMembers
	if members == 0 {
		members = MembersFor(descriptors())
	}
	return admission.Limits{
		Members: members, PerAddress: l.MaxPerAddress, Arrivals: l.MaxArrivals, Exempt: l.exemptNetworks(),
		Rooms: l.MaxRooms, NewRooms: l.MaxNewRooms,
		PageLimit: l.PageLimit, Backlog: l.MaxBacklog,
	}
}

// MembersFor returns how many members a process with the given number of file descriptors can
// have, or 0 for no limit if that number is 0. It reserves the other descriptors for HTTP
// requests, for connections that are turned away, and for files.
func MembersFor(descriptors int) int {
	if descriptors <= 0 {
		return 0
	}
	return max(descriptors-64-descriptors/16, descriptors/2)
}
