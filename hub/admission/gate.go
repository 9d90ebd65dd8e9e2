package admission

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound who may come in and what may be made. Zero means no bound.
type Limits struct {
	Members    int            // on the line at once
	PerAddress int            // of them from one address; a /64 of IPv6 counts as one
	Arrivals   int            // from one address in a minute
	Exempt     []netip.Prefix // addresses to which these two do not apply; NewRooms is each member's there

	Rooms    int // with people in them, at once
	NewRooms int // that an address may make at once; it may make one more each minute

	PageLimit int   // stored messages that a member may ask for at once; 500 where 0
	Backlog   int64 // bytes that all streams together keep for slow readers, beyond the least
}

// Why somebody may not come in.
var (
	ErrFull        = errors.New("the server is full: try again later")
	ErrAddressFull = errors.New("too many connections from your address: close one first")
	ErrAddressRate = errors.New("too many new connections from your address: try again in a minute")
)

// A Gate counts who is in, and from where. The hub has one for its members; another one
// may count what else comes over a transport. Its methods may be called from any goroutine.
type Gate struct {
	limits Limits // of which those on an address and Members matter here

	mu      sync.Mutex
	inside  int
	origins map[netip.Addr]*origin
	purge   int // how many origins make it worth looking for those that may be forgotten
}

// leastPurge is how many origins are kept without a look.
const leastPurge = 1024

// An origin is an address, or a network that counts as one. It carries from one connection
// to the next what its members have used up, so that reconnecting gains nothing.
type origin struct {
	arrivals *rate.Limiter // nil if there is no bound
	newRooms *rate.Limiter // nil if there is no bound

	// Guarded by the gate's mu.
	inside     int
	allowances []*Allowance // of members that left and used some of them; the first left first
}

// A Seat is a place on the line that Admit gave. The zero Seat stands for a member whose
// address is not known: what is counted for each address is counted for that member alone.
type Slot struct {
	gate *Gate
	from *origin // nil if the address is exempt
}

// NewGate returns a Gate that keeps the limits for members.
func NewGate(l Limits) *Gate { return &Gate{limits: l} }

// Admit asks whether a client may connect from an address, before much is done for it. The
// error is ErrFull, ErrAddressFull or ErrAddressHasty. The caller of Admit calls Leave when the
// connection has ended, for whatever reason.
func (g *Gate) Admit(addr netip.Addr) (Slot, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limits.Members > 0 && g.inside >= g.limits.Members {
		return Slot{}, ErrFull
	}
	seat := Slot{gate: g}
	if !g.exempt(addr) {
		o := g.origin(originOf(addr))
		switch {
		case g.limits.PerAddress > 0 && o.inside >= g.limits.PerAddress:
			return Slot{}, ErrAddressFull
		case o.arrivals != nil && !o.arrivals.Allow():
			return Slot{}, ErrAddressRate
		}
		o.inside++
		seat.from = o
	}
	g.inside++
	return seat, nil
}

// Leave gives the place back. It is called once.
func (s Slot) Leave() {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if s.from != nil {
		s.from.inside--
	}
}

// NewRooms returns what bounds the rooms that the address makes; nil if nothing does.
func (s Slot) NewRooms() *rate.Limiter {
	if s.from == nil {
		return nil
	}
	return s.from.newRooms
}

// TakeAllowance returns an allowance that a member from the address left behind, or nil.
func (s Slot) TakeAllowance() *Allowance {
	if s.from == nil {
		return nil
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	o := s.from
	if len(o.allowances) == 0 {
		return nil
	}
	p := o.allowances[0]
	o.allowances[0] = nil
	o.allowances = o.allowances[1:]
	return p
}

// LeaveAllowance keeps the allowance of a member that leaves, for the next one from the address.
func (s Slot) LeaveAllowance(a *Allowance) {
	if s.from == nil {
		return
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	s.from.dropFull(time.Now())
	s.from.allowances = append(s.from.allowances, a)
}

func (g *Gate) exempt(addr netip.Addr) bool { return Within(g.limits.Exempt, addr) }

// Within reports whether addr is in one of networks. An address of IPv4 that is mapped to IPv6
// counts as itself, and a zone does not count: no network has one.
func Within(networks []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// originOf returns what an address counts as: who has an address of IPv6 has a whole /64
// (RFC 6177), and as many addresses as it likes.
func originOf(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr
	}
	return netip.PrefixFrom(addr, 64).Masked().Addr()
}

func (g *Gate) origin(from netip.Addr) *origin {
	if o := g.origins[from]; o != nil {
		return o
	}
	if len(g.origins) >= max(g.purge, leastPurge) {
		g.forget()
	}
	o := &origin{}
	if n := g.limits.Arrivals; n > 0 {
		o.arrivals = rate.NewLimiter(rate.Every(time.Minute/time.Duration(n)), n)
	}
	if n := g.limits.NewRooms; n > 0 {
		o.newRooms = NewRoomsLimiter(n)
	}
	if g.origins == nil {
		g.origins = make(map[netip.Addr]*origin)
	}
	g.origins[from] = o
	return o
}

// NewRoomsLimiter allows n new rooms at once, and one more each minute.
func NewRoomsLimiter(n int) *rate.Limiter { return rate.NewLimiter(rate.Every(time.Minute), n) }

// forget drops the origins of which nothing needs to be known: nobody is inside, and
// everything that they used has refilled.
func (g *Gate) forget() {
	now := time.Now()
	for from, o := range g.origins {
		o.dropFull(now)
		if o.inside == 0 && isFull(o.arrivals, now) && isFull(o.newRooms, now) && len(o.allowances) == 0 {
			delete(g.origins, from)
		}
	}
	g.purge = 2 * len(g.origins)
}

// dropFull drops the oldest of the allowances left behind that have refilled: they are
// worth no more than new ones. The gate's mu is held.
func (o *origin) dropFull(now time.Time) {
	for len(o.allowances) > 0 && o.allowances[0].isFull(now) {
		o.allowances[0] = nil
		o.allowances = o.allowances[1:]
	}
}

// isFull reports whether nothing of a limiter is used up, which is so if there is none.
func isFull(l *rate.Limiter, now time.Time) bool {
	return l == nil || l.TokensAt(now) >= float64(l.Burst())
}
