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

// peers are the members of other servers. Its methods may be called from any goroutine, with or without a room's mu.
// Those of a room change only while its mu is held, if this server has the room.
type peers struct {
	mu         sync.Mutex
	rooms      map[string]map[string]*peer // by room and identity
	identities map[string]map[string]*peer // the same, by identity and room
	bySkeleton map[string]string           // identities by their names
}

func newPeers() peers {
	return peers{
		rooms: make(map[string]map[string]*peer), identities: make(map[string]map[string]*peer), bySkeleton: make(map[string]string),
	}
}

// apply notes a change on a server. It returns the name that the member had before, or "" if it was not there, and
// whether the others in the room notice something.
func (ps *peers) apply(server string, c directory.Change, now time.Duration) (before string, noticed bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.rooms[c.Room][c.ID]
	if p != nil {
		before = p.Nick
	}
	switch {
	case c.Kind == directory.Left:
		if p == nil || p.server != server { // it has moved to another server
			return before, false
		}
		ps.removeLocked(p)
		return before, true
	case p == nil:
		ps.addLocked(&peer{c.Member, server, now})
		return "", true
	}
	ps.removeLocked(p)
	ps.addLocked(&peer{c.Member, server, p.since})
	return before, before != c.Nick
}

func (ps *peers) addLocked(p *peer) {
	putPeer(ps.rooms, p.Room, p.ID, p)
	putPeer(ps.identities, p.ID, p.Room, p)
	if s, ok := names.FirstSkeleton(p.Nick); ok {
		ps.bySkeleton[s] = p.ID
	}
}

// putPeer adds an element to a map of maps.
func putPeer(to map[string]map[string]*peer, outer, inner string, p *peer) {
	if to[outer] == nil {
		to[outer] = make(map[string]*peer)
	}
	to[outer][inner] = p
}

// deletePeer removes an element of a map of maps.
func deletePeer(from map[string]map[string]*peer, outer, inner string) {
	delete(from[outer], inner)
	if len(from[outer]) == 0 {
		delete(from, outer)
	}
}

func (ps *peers) removeLocked(p *peer) {
	deletePeer(ps.rooms, p.Room, p.ID)
	deletePeer(ps.identities, p.ID, p.Room)
	for _, other := range ps.identities[p.ID] {
		if other.Nick == p.Nick {
			return
		}
	}
	if s, ok := names.FirstSkeleton(p.Nick); ok && ps.bySkeleton[s] == p.ID {
		delete(ps.bySkeleton, s)
	}
}

// of returns the members of a server.
func (ps *peers) of(server string) (members []directory.Member) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, room := range ps.rooms {
		for _, p := range room {
			if p.server == server {
				members = append(members, p.Member)
			}
		}
	}
	return members
}

// count returns the number of members in a room.
func (ps *peers) count(room string) int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return len(ps.rooms[room])
}

// remove removes an identity from a room. It returns false if it is not there.
func (ps *peers) remove(room, id string) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.rooms[room][id]
	if p != nil {
		ps.removeLocked(p)
	}
	return p != nil
}

// has reports whether a room has an identity.
func (ps *peers) has(room, id string) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.rooms[room][id] != nil
}

// counts returns the number of members in each room that has one.
func (ps *peers) counts() map[string]int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	counts := make(map[string]int, len(ps.rooms))
	for name, room := range ps.rooms {
		counts[name] = len(room)
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
	all := slices.SortedFunc(maps.Values(ps.rooms[room]), func(a, b *peer) int { return cmp.Compare(a.Nick, b.Nick) })
	listed := make([]wire.Occupant, 0, min(limit, len(all)))
	for _, p := range all[:min(limit, len(all))] {
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
	for _, p := range ps.identities[ps.bySkeleton[skeleton]] {
		if names.EqualFold(p.Nick, name) {
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
	if p := ps.rooms[room][ps.bySkeleton[skeleton]]; p != nil {
		p.since = now
	}
}
