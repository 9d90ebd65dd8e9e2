package admission

import (
	"net/netip"
	"time"

	"golang.org/x/time/rate"
)

const (
	// reportShare is the part of a limit that an address may use at a server before a report has it: 1/reportShare.
	reportShare = 8
	// maxUse bounds the members of a Use.
	maxUse = 1 << 20
)

// A Use is what an address uses of its limits at one of the servers that share them.
type Use struct {
	Addr     netip.Addr `json:"addr"`               // or that of a network that counts as one
	Members  int        `json:"members,omitempty"`  // at once
	Arrivals int        `json:"arrivals,omitempty"` // since the last report that has any
	NewRooms int        `json:"new_rooms,omitempty"`
}

// Report returns the uses of those addresses that use at least an eighth of a limit at this server, for the Gates of other
// servers.
func (g *Gate) Report() (uses []Use) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := &g.limits
	for addr, e := range g.entries {
		u := Use{Addr: addr}
		if isReported(e.admitted, l.PerAddress) {
			u.Members = e.admitted
		}
		if isReported(e.arrived, l.Arrivals) {
			u.Arrivals, e.arrived = e.arrived, 0
		}
		if isReported(e.created, l.NewRooms) {
			u.NewRooms, e.created = e.created, 0
		}
		if u.Members+u.Arrivals+u.NewRooms > 0 {
			uses = append(uses, u)
		}
	}
	return uses
}

func isReported(n, limit int) bool { return n > 0 && limit > 0 && n*reportShare >= limit }

// NoteElsewhere notes the report of another server, whose members replace those of its last one. So a server without uses
// has no members.
func (g *Gate) NoteElsewhere(server string, uses []Use) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for addr, n := range g.elsewhere[server] {
		g.entryLocked(addr).elsewhere -= n
	}
	delete(g.elsewhere, server)
	members := make(map[netip.Addr]int)
	now := time.Now()
	for _, u := range uses {
		if !u.Addr.IsValid() {
			continue
		}
		e := g.entryLocked(entryAddr(u.Addr))
		if n := min(u.Members, maxUse); n > 0 {
			members[entryAddr(u.Addr)] += n
			e.elsewhere += n
		}
		reserve(g.arrivalsLocked(e), now, u.Arrivals)
		reserve(g.newRoomsLocked(e), now, u.NewRooms)
	}
	if len(members) > 0 {
		if g.elsewhere == nil {
			g.elsewhere = make(map[string]map[netip.Addr]int)
		}
		g.elsewhere[server] = members
	}
}

// reserve takes n tokens of a limiter, at most its burst. A nil limiter has no limit.
func reserve(l *rate.Limiter, now time.Time, n int) {
	if l != nil && n > 0 {
		l.ReserveN(now, min(n, l.Burst()))
	}
}
