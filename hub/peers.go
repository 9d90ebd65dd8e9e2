package hub

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/hub/directory"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// A peer is a member of another server.
type peer struct {
	directory.Member
	server string
	since  time.Duration // when it was heard of, or said something: an uptime
}

// An appearance is an identity in a room: its peers, usually one. While it moves, two servers have it, and their changes may
// come in any order. The room sees the last one.
type appearance []peer

func (a appearance) seen() *peer { return &a[len(a)-1] }

// without returns a without the peer of a server.
func (a appearance) without(server string) appearance {
	return slices.DeleteFunc(a, func(p peer) bool { return p.server == server })
}

// peers are the members of other servers. Its methods may be called from any goroutine, with or without a room's mu.
// Those of a room change only while its mu is held, if this server has the room.
type peers struct {
	mu         sync.Mutex
	rooms      map[string]map[string]appearance // by room and identity
	identities map[string]map[string]appearance // the same, by identity and room
	bySkeleton map[string]string                // identities by their names
	covered    map[string]map[string]bool       // by room and identity: those that the room has on this server too
}

func newPeers() peers {
	return peers{
		rooms: make(map[string]map[string]appearance), identities: make(map[string]map[string]appearance), bySkeleton: make(map[string]string),
		covered: make(map[string]map[string]bool),
	}
}

// apply notes a change on a server. It returns the name that the member had before, or "" if it was not there, and
// whether the others in the room notice something.
func (ps *peers) apply(server string, c directory.Change, now time.Duration) (before string, noticed bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	was := ps.rooms[c.Room][c.ID]
	p := peer{c.Member, server, now}
	if len(was) > 0 {
		before, p.since = was.seen().Nick, was.seen().since
		ps.forgetNameLocked(c.Room, c.ID)
	}
	next := was.without(server)
	if c.Kind == directory.Left {
		ps.putLocked(c.Room, c.ID, next)
		return before, before != "" && len(next) == 0
	}
	ps.putLocked(c.Room, c.ID, append(next, p))
	return before, before != c.Nick
}

// putLocked notes the appearance of an identity in a room, in which it has no name yet.
func (ps *peers) putLocked(room, id string, a appearance) {
	putAppearance(ps.rooms, room, id, a)
	putAppearance(ps.identities, id, room, a)
	if len(a) == 0 {
		ps.uncoverLocked(room, id)
		return
	}
	if s, ok := names.FirstSkeleton(a.seen().Nick); ok {
		ps.bySkeleton[s] = id
	}
}

// putAppearance puts an element into a map of maps, or removes it if it is empty.
func putAppearance(to map[string]map[string]appearance, outer, inner string, a appearance) {
	if len(a) == 0 {
		if delete(to[outer], inner); len(to[outer]) == 0 {
			delete(to, outer)
		}
		return
	}
	if to[outer] == nil {
		to[outer] = make(map[string]appearance)
	}
	to[outer][inner] = a
}

// forgetNameLocked forgets the name of an identity, unless it has the name in another room.
func (ps *peers) forgetNameLocked(room, id string) {
	nick := ps.rooms[room][id].seen().Nick
	for name, other := range ps.identities[id] {
		if name != room && other.seen().Nick == nick {
			return
		}
	}
	if s, ok := names.FirstSkeleton(nick); ok && ps.bySkeleton[s] == id {
		delete(ps.bySkeleton, s)
	}
}

// of returns the members of a server.
func (ps *peers) of(server string) (members []directory.Member) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, room := range ps.rooms {
		for _, a := range room {
			for _, p := range a {
				if p.server == server {
					members = append(members, p.Member)
				}
			}
		}
	}
	return members
}

// count returns the number of members in a room that are not on this server too.
func (ps *peers) count(room string) int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return len(ps.rooms[room]) - len(ps.covered[room])
}

// cover notes that a room has an identity on this server too: until uncover, it does not count as a member of the others. It
// returns false if no other server has it.
func (ps *peers) cover(room, id string) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if len(ps.rooms[room][id]) == 0 {
		return false
	}
	if ps.covered[room] == nil {
		ps.covered[room] = make(map[string]bool)
	}
	ps.covered[room][id] = true
	return true
}

// uncover notes that an identity has left a room on this server. It reports whether another server has it.
func (ps *peers) uncover(room, id string) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.uncoverLocked(room, id)
	return len(ps.rooms[room][id]) > 0
}

func (ps *peers) uncoverLocked(room, id string) {
	if delete(ps.covered[room], id); len(ps.covered[room]) == 0 {
		delete(ps.covered, room)
	}
}

// counts returns the number of members in each room that has one, as count does.
func (ps *peers) counts() map[string]int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	counts := make(map[string]int, len(ps.rooms))
	for name, room := range ps.rooms {
		if n := len(room) - len(ps.covered[name]); n > 0 {
			counts[name] = n
		}
	}
	return counts
}

// list returns at most limit members of a room, by name.
func (ps *peers) list(room string, limit int, now time.Duration) []wire.Occupant {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if limit <= 0 || len(ps.rooms[room]) == 0 {
		return nil
	}
	all := slices.SortedFunc(maps.Values(ps.rooms[room]), func(a, b appearance) int { return cmp.Compare(a.seen().Nick, b.seen().Nick) })
	listed := make([]wire.Occupant, 0, min(limit, len(all)))
	for _, a := range all {
		p := a.seen()
		if ps.covered[room][p.ID] {
			continue
		}
		if len(listed) == limit {
			break
		}
		listed = append(listed, wire.Occupant{Nick: p.Nick, Via: p.Via, Idle: int64((now - p.since) / time.Second)})
	}
	return listed
}

// find returns a member with a name, whatever its case; see nicks.find.
func (ps *peers) find(name string) (found peer, ok bool) {
	skeleton, ok := names.FirstSkeleton(name)
	if !ok {
		return peer{}, false
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, a := range ps.identities[ps.bySkeleton[skeleton]] {
		if p := a.seen(); names.EqualFold(p.Nick, name) {
			return *p, true
		}
	}
	return peer{}, false
}

// spoke notes that a member of a room has said something.
func (ps *peers) spoke(room, nick string, now time.Duration) {
	skeleton, ok := names.FirstSkeleton(nick)
	if !ok {
		return
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if a := ps.rooms[room][ps.bySkeleton[skeleton]]; len(a) > 0 {
		a.seen().since = now
	}
}
