package admission

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Gate counts the admitted clients by address. The hub has a Gate for its members; a
// transport may have another one for its other connections. The methods of a Gate and of its
// Slots may be called from any goroutine.
type Gate struct {
	mu       sync.Mutex
	limits   Limits // only Members, PerAddress, Arrivals, Exempt and NewRooms are used
	admitted int
	entries  map[netip.Addr]*entry
	// elsewhere has the members that other servers have reported, by server and entry.
	elsewhere map[string]map[netip.Addr]int
	forgetAt  int // the number of entries at which the next new entry runs forgetLocked
}

// minForget is the smallest number of entries at which a Gate forgets entries.
const minForget = 1024

// An entry is the state of one address, or of a network that counts as one. It lasts longer
// than the connections of the address.
//
// The gate's mu guards it.
type entry struct {
	arrivals   *rate.Limiter // nil if there is no limit
	newRooms   *rate.Limiter // nil if there is no limit
	admitted   int
	elsewhere  int          // members at other servers
	arrived    int          // members since the last report that has them
	created    int          // rooms since the last report that has them
	allowances []*Allowance // of members that have left, oldest first
}

// A Slot is an admitted client's part of the limits. The zero Slot stands for a client whose
// address is unknown: limits by address apply to that client alone.
type Slot struct {
	gate  *Gate
	entry *entry // nil if the address is exempt or unknown
}

// NewGate returns a Gate with the given limits. It does not use Rooms, PageLimit and Backlog.
func NewGate(l Limits) *Gate { return &Gate{limits: l} }

// SetLimits changes the limits from the next client, and the next new room, on. Clients that have
// been admitted stay, even if there are more of them than the limits allow.
func (g *Gate) SetLimits(l Limits) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits = l
}

// NewRoomsLimiter returns a limiter that allows n new rooms at once, and one more each minute, or nil
// if n is 0. The rooms that l has counted count; l may be nil.
func NewRoomsLimiter(l *rate.Limiter, n int) *rate.Limiter {
	if n <= 0 {
		return nil
	}
	return withLimit(l, rate.Every(time.Minute), n, time.Now())
}

// Admit admits a client from an address. For a client without one, over a unix socket, addr is
// the zero Addr: limits by address apply to that client alone. The error is ErrFull, ErrAddressFull or
// ErrAddressRate. If it is nil, the caller must call Leave on the Slot when the connection
// has ended.
func (g *Gate) Admit(addr netip.Addr) (Slot, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.checkLocked(addr); err != nil {
		return Slot{}, err
	}
	slot := Slot{gate: g}
	if g.countsLocked(addr) {
		slot.entry = g.entryLocked(entryAddr(addr))
		slot.entry.admitted++
		slot.entry.arrived++
		if arrivals := g.arrivalsLocked(slot.entry); arrivals != nil {
			arrivals.Allow()
		}
	}
	g.admitted++
	return slot, nil
}

// Check returns the error that Admit would return now, and counts nothing.
func (g *Gate) Check(addr netip.Addr) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.checkLocked(addr)
}

func (g *Gate) checkLocked(addr netip.Addr) error {
	if g.limits.Members > 0 && g.admitted >= g.limits.Members {
		return ErrFull
	}
	e := g.entries[entryAddr(addr)]
	if e == nil || !g.countsLocked(addr) {
		return nil
	}
	if g.limits.PerAddress > 0 && e.admitted+e.elsewhere >= g.limits.PerAddress {
		return ErrAddressFull
	}
	if arrivals := g.arrivalsLocked(e); arrivals != nil && arrivals.Tokens() < 1 {
		return ErrAddressRate
	}
	return nil
}

// countsLocked reports whether the limits by address apply to addr.
func (g *Gate) countsLocked(addr netip.Addr) bool {
	return addr.IsValid() && !Within(g.limits.Exempt, addr)
}

// arrivalsLocked returns the limiter of the clients that may come from an address, or nil.
func (g *Gate) arrivalsLocked(e *entry) *rate.Limiter {
	if n := g.limits.Arrivals; n > 0 {
		e.arrivals = withLimit(e.arrivals, rate.Every(time.Minute/time.Duration(n)), n, time.Now())
	} else {
		e.arrivals = nil
	}
	return e.arrivals
}

// Leave releases the slot, which must come from Admit. It must be called once.
func (s Slot) Leave() {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	g.admitted--
	if s.entry != nil {
		s.entry.admitted--
	}
}

// NewRoom counts a room that the client creates, if it may: ok. known is false if there is no limit by address for the
// client, so that the limit is that of the client alone.
func (s Slot) NewRoom() (ok, known bool) {
	if s.entry == nil {
		return false, false
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	limiter := s.gate.newRoomsLocked(s.entry)
	if limiter == nil {
		return true, true
	}
	if ok = limiter.Allow(); ok {
		s.entry.created++
	}
	return ok, true
}

// newRoomsLocked returns the limiter of the rooms that an address may create, or nil.
func (g *Gate) newRoomsLocked(e *entry) *rate.Limiter {
	e.newRooms = NewRoomsLimiter(e.newRooms, g.limits.NewRooms)
	return e.newRooms
}

// TakeAllowance removes and returns the oldest allowance of the address that PutAllowance
// stored, or nil if there is none.
func (s Slot) TakeAllowance() *Allowance {
	if s.entry == nil {
		return nil
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	e := s.entry
	if len(e.allowances) == 0 {
		return nil
	}
	a := e.allowances[0]
	e.allowances[0] = nil
	e.allowances = e.allowances[1:]
	return a
}

// PutAllowance stores the allowance of a leaving member for the next member from the address.
// If the slot has no address, PutAllowance drops a.
func (s Slot) PutAllowance(a *Allowance) {
	if s.entry == nil {
		return
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	s.entry.dropFullLocked(time.Now())
	s.entry.allowances = append(s.entry.allowances, a)
}

// entryAddr returns the address under which a Gate counts addr: for IPv6 its /64, because an
// IPv6 client usually has a whole /64 (RFC 6177).
func entryAddr(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr
	}
	return netip.PrefixFrom(addr, 64).Masked().Addr()
}

// entryLocked returns the entry of an address, and creates it if there is none.
func (g *Gate) entryLocked(addr netip.Addr) *entry {
	if e := g.entries[addr]; e != nil {
		return e
	}
	if len(g.entries) >= max(g.forgetAt, minForget) {
		g.forgetLocked()
	}
	e := &entry{}
	if g.entries == nil {
		g.entries = make(map[netip.Addr]*entry)
	}
	g.entries[addr] = e
	return e
}

// forgetLocked deletes the entries that equal new ones: no client is admitted, and all
// limiters are full.
func (g *Gate) forgetLocked() {
	now := time.Now()
	for addr, e := range g.entries {
		e.dropFullLocked(now)
		if e.admitted == 0 && e.elsewhere == 0 && isFull(e.arrivals, now) && isFull(e.newRooms, now) && len(e.allowances) == 0 {
			delete(g.entries, addr)
		}
	}
	g.forgetAt = 2 * len(g.entries)
}

// dropFullLocked drops the oldest allowances as long as they are full, because a full
// allowance equals a new one.
func (e *entry) dropFullLocked(now time.Time) {
	for len(e.allowances) > 0 && e.allowances[0].isFull(now) {
		e.allowances[0] = nil
		e.allowances = e.allowances[1:]
	}
}
