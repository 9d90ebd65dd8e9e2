package hub

import (
	"cmp"
	"slices"

	"partyline/hub/directory"
)

// checkState checks the state of all hubs. It may run at any time.
func (s *simulation) checkState() {
	for _, h := range s.hubs {
		s.checkMembers(h)
	}
	if !s.cuts { // otherwise two may have a name for a while
		s.checkNames()
	}
}

// checkNames checks that no two hubs give a name to different identities.
func (s *simulation) checkNames() {
	owners := make(map[string]string) // ids by skeleton
	for _, h := range s.hubs {
		h.nicks.mu.Lock()
		defer h.nicks.mu.Unlock()
		for skeleton, owner := range h.nicks.bySkeleton {
			if other, ok := owners[skeleton]; ok && other != owner.id {
				s.errorf("%s is the name of two identities", owner.nick)
			}
			owners[skeleton] = owner.id
		}
	}
}

// checkPeers checks that each hub knows the members of the others, when nothing happens any more.
func (s *simulation) checkPeers() {
	compare := func(a, b directory.Member) int { return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.ID, b.ID)) }
	for i, h := range s.hubs {
		var want []directory.Member
		for k, other := range s.hubs {
			if k != i {
				want = append(want, peerHub{other}.Members()...)
			}
		}
		slices.SortFunc(want, compare)
		got := h.peers.all()
		slices.SortFunc(got, compare)
		if !slices.Equal(got, want) {
			in := func(list []directory.Member) func(directory.Member) bool {
				return func(m directory.Member) bool { return slices.Contains(list, m) }
			}
			s.errorf("hub %d knows the members %v of the others, which do not have them, and misses %v", i,
				slices.DeleteFunc(slices.Clone(got), in(want)), slices.DeleteFunc(slices.Clone(want), in(got)))
		}
	}
}

// all returns the members of all other servers.
func (ps *peers) all() (members []directory.Member) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, room := range ps.rooms {
		for _, a := range room {
			for _, p := range a {
				members = append(members, p.Member)
			}
		}
	}
	return members
}

// checkMembers checks that the hub's data about its members is consistent. It holds the locks.
func (s *simulation) checkMembers(h *Hub) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rooms {
		r.mu.Lock()
		for i, m := range r.members {
			if m.index != i || m.room != r {
				s.errorf("%s: member %d is listed as %d", r.name, i, m.index)
			}
			if m.announced != (i < r.announced) {
				s.errorf("%s: member %d of %d announced ones has announced = %v", r.name, i, r.announced, m.announced)
			}
			m.out.mu.Lock()
			st := m.out.cursor.stream
			m.out.mu.Unlock()
			if st == nil || st.room != r {
				s.errorf("%s: a member reads no stream of its room", r.name)
				continue
			}
			if _, ok := st.readers[m]; !ok {
				s.errorf("%s: a member is missing from the readers of its stream", r.name)
			}
		}
		seen := 0
		for _, st := range r.streams {
			s.streams[st] = true
			if len(st.readers) == 0 {
				s.errorf("%s: a stream has no readers", r.name)
			}
			seen += len(st.readers)
		}
		if seen < len(r.members) {
			s.errorf("%s: %d members, %d readers", r.name, len(r.members), seen)
		}
		r.mu.Unlock()
	}
}

// checkEnd checks that nothing is left of a hub after all members have ended.
func (s *simulation) checkEnd(h *Hub) {
	if len(h.members) != 0 || len(h.nicks.bySkeleton) != 0 || len(h.rooms) != 0 {
		s.errorf("%d members, %d names and %d rooms are left", len(h.members), len(h.nicks.bySkeleton), len(h.rooms))
	}
	if n := h.backlog.used.Load(); n != 0 {
		s.errorf("the backlog counts %d bytes that no stream keeps", n)
	}
	if n := h.uncommittedBytes.Load(); n != 0 {
		s.errorf("%d uncommitted bytes are left", n)
	}
	for st := range s.streams {
		if len(st.readers) != 0 {
			s.errorf("a stream of %s has readers left", st.room.name)
		}
		if st.ping != nil && st.ping.Stop() {
			s.errorf("a stream of %s still has its timer", st.room.name)
		}
	}
}
