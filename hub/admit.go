package hub

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
	Exempt     []netip.Prefix // addresses to which these two do not apply

	Rooms    int // with people in them, at once
	NewRooms int // that a member may make at once; it may make one more each minute

	Asked   int   // stored messages that a member may ask for at once; 500 where 0
	Backlog int64 // bytes that all streams together keep for slow readers, beyond the least
}

// Why somebody may not come in.
var (
	ErrFull         = errors.New("the server is full: try again later")
	ErrAddressFull  = errors.New("too many connections from your address: close one first")
	ErrAddressHasty = errors.New("too many new connections from your address: try again in a minute")
)

// A Gate counts who is in, and from where. The hub has one for its members; another one
// may count what else comes over a transport. Its methods may be called from any goroutine.
type Gate struct {
	limits Limits // of which Members, PerAddress, Arrivals and Exempt matter here

	mu      sync.Mutex
	inside  int
	origins map[netip.Addr]*origin
	purge   int // how many origins make it worth looking for those that may be forgotten
}

// leastPurge is how many origins are kept without a look.
const leastPurge = 1024

// An origin is an address, or a network that counts as one.
type origin struct {
	inside   int
	arrivals *rate.Limiter // nil where there is no bound
}

// A Seat is a place on the line that Admit gave.
type Seat struct {
	gate *Gate
	from netip.Addr // of the origin; invalid where that is exempt
}

// Admit asks whether somebody may come in from an address, before much is done for it.
// The error is ErrFull, ErrAddressFull or ErrAddressHasty. Whoever got a Seat leaves it
// when the connection has ended, however that came.
func (h *Hub) Admit(addr netip.Addr) (Seat, error) { return h.gate.Admit(addr) }

// NewGate returns a Gate that keeps the limits for members.
func NewGate(l Limits) *Gate { return &Gate{limits: l} }

// Admit is the Hub's Admit for a Gate of its own.
func (g *Gate) Admit(addr netip.Addr) (Seat, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limits.Members > 0 && g.inside >= g.limits.Members {
		return Seat{}, ErrFull
	}
	seat := Seat{gate: g}
	if !g.exempt(addr) {
		seat.from = originOf(addr)
		o := g.origin(seat.from)
		switch {
		case g.limits.PerAddress > 0 && o.inside >= g.limits.PerAddress:
			return Seat{}, ErrAddressFull
		case o.arrivals != nil && !o.arrivals.Allow():
			return Seat{}, ErrAddressHasty
		}
		o.inside++
	}
	g.inside++
	return seat, nil
}

// Leave gives the place back. It is called once.
func (s Seat) Leave() {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if s.from.IsValid() {
		g.origins[s.from].inside--
	}
}

func (g *Gate) exempt(addr netip.Addr) bool {
	if g.limits.PerAddress <= 0 && g.limits.Arrivals <= 0 {
		return true
	}
	addr = addr.Unmap()
	return slices.ContainsFunc(g.limits.Exempt, func(p netip.Prefix) bool { return p.Contains(addr) })
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
	if g.origins == nil {
		g.origins = make(map[netip.Addr]*origin)
	}
	g.origins[from] = o
	return o
}

// forget drops the origins of which nothing needs to be known. What is left is those with
// somebody inside and those of the last minute.
func (g *Gate) forget() {
	now := time.Now()
	for from, o := range g.origins {
		if o.inside == 0 && (o.arrivals == nil || o.arrivals.TokensAt(now) >= float64(o.arrivals.Burst())) {
			delete(g.origins, from)
		}
	}
	g.purge = 2 * len(g.origins)
}
