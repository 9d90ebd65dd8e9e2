package main

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/spf13/pflag"

	"partyline/hub/admission"
	"partyline/hub/socket"
)

// limits are what nobody may exceed, each with a flag.
type limits struct {
	rate       float64 // lines a second that a member may say
	burst      int     // and at once
	line       int     // bytes
	fragments  int     // of a WebSocket message
	asked      int     // stored messages, at once
	members    int     // 0 for what the descriptors allow
	perAddress int
	arrivals   int // from an address in a minute
	exempt     []string
	proxies    []string
	rooms      int
	newRooms   int
	window     int           // KiB that a room keeps for slow readers
	backlog    int           // MiB that all rooms together keep for them
	write      time.Duration // that somebody may take nothing
	header     int           // KiB of an HTTP request's header
	headerTime time.Duration
}

// defaultLimits are those of a server that is open to everybody.
var defaultLimits = limits{
	rate: 10, burst: 40, line: 4096, fragments: 1000, asked: 500,
	perAddress: 64, arrivals: 120, rooms: 10_000, newRooms: 20,
	window: 1024, backlog: 256, write: socket.WriteTimeout, header: 16, headerTime: 10 * time.Second,
}

func (l *limits) addFlags(f *pflag.FlagSet) {
	d := defaultLimits
	floatVar(f, &l.rate, "rate", d.rate, "lines a second that a member may say before it is read more slowly; 0 for no bound")
	intVar(f, &l.burst, "burst", d.burst, 1, math.MaxInt32, "lines that it may say at once")
	intVar(f, &l.line, "max-line", d.line, 16, 1<<20, "bytes that a line may have")
	intVar(f, &l.fragments, "max-fragments", d.fragments, 1, math.MaxInt32, "frames that a WebSocket message may have")
	intVar(f, &l.asked, "max-asked", d.asked, 1, 10_000, "stored messages that a member may ask for at once")
	intVar(f, &l.members, "max-members", d.members, 0, math.MaxInt32, "members in all; 0 for as many as the descriptors allow")
	intVar(f, &l.perAddress, "max-per-address", d.perAddress, 0, math.MaxInt32, "members from one address (a /64 of IPv6); 0 for no bound")
	intVar(f, &l.arrivals, "max-arrivals", d.arrivals, 0, 1_000_000, "new members from one address in a minute; 0 for no bound")
	listVar(f, &l.exempt, "exempt", checkNetworks, "networks", "network without bounds for each address, besides this machine; may be repeated")
	listVar(f, &l.proxies, "proxy", checkNetworks, "networks", "proxy that says for whom it comes: over TCP it has to send a PROXY header, over HTTP X-Forwarded-For; may be repeated")
	intVar(f, &l.rooms, "max-rooms", d.rooms, 0, math.MaxInt32, "rooms with people; 0 for no bound")
	intVar(f, &l.newRooms, "max-new-rooms", d.newRooms, 0, math.MaxInt32, "rooms that an address may make, and one more each minute; 0 for no bound")
	intVar(f, &l.window, "window", d.window, 64, 1<<20, "KiB that a room keeps for those who read slowly")
	intVar(f, &l.backlog, "max-backlog", d.backlog, 1, 1<<20, "MiB that all rooms together keep for them")
	durationVar(f, &l.write, "write-timeout", d.write, 10*time.Millisecond, "time in which a client may accept no byte before it is cut off, and for which the input of one that has hung up is read")
	intVar(f, &l.header, "max-header", d.header, 1, 1<<10, "KiB of an HTTP request's header")
	durationVar(f, &l.headerTime, "header-timeout", d.headerTime, time.Millisecond, "time in which that, or a PROXY header, has to come")
}

func checkNetworks(list []string) error {
	_, err := parseNetworks(list)
	return err
}

// parseNetworks reads networks, and addresses as networks of one.
func parseNetworks(list []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			addr, err := netip.ParseAddr(s)
			if err != nil {
				return nil, fmt.Errorf("%q is not a network like 192.0.2.0/24 or an address", s)
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

// exempted returns the networks without the bounds for an address: who is on this machine
// already, or a proxy here that tells no addresses, needs none.
func (l *limits) exempted() []netip.Prefix {
	listed, _ := parseNetworks(l.exempt) // checked
	return append(listed, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
}

// trusted returns the networks of proxies.
func (l *limits) trusted() []netip.Prefix {
	networks, _ := parseNetworks(l.proxies) // checked
	return networks
}

// ofHub returns the limits that the hub keeps.
func (l *limits) ofHub() admission.Limits {
	members := l.members
	if members == 0 {
		members = membersFor(descriptors())
	}
	return admission.Limits{
		Members: members, PerAddress: l.perAddress, Arrivals: l.arrivals, Exempt: l.exempted(),
		Rooms: l.rooms, NewRooms: l.newRooms,
		PageLimit: l.asked, Backlog: int64(l.backlog) << 20,
	}
}

// membersFor returns how many members there is place for where the program may have so
// many descriptors; 0 where nobody knows. The rest is for the page, for those who are
// turned away, and for files.
func membersFor(descriptors int) int {
	if descriptors <= 0 {
		return 0
	}
	return max(descriptors-64-descriptors/16, descriptors/2)
}
