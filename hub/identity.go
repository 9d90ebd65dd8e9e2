package hub

import (
	"crypto/rand"
	"slices"
	"time"
)

const (
	// resumeTime is how long an identity without a member can be resumed.
	resumeTime = 2 * time.Minute
	// maxDeparted bounds the identities without a member that the hub keeps.
	maxDeparted = 10_000
	// maxSharing bounds the members of an identity.
	maxSharing = 32
)

// An identity is a name and the members that have it: usually one, or one for each room that a
// client has open. The mu of Hub.nicks guards it.
type identity struct {
	id        string // of all servers with a Directory; otherwise ""
	nick      string
	skeletons []string      // its keys in nicks.bySkeleton
	token     string        // its key in nicks.byToken; "" before a member is told
	members   []*member     // the longest connected first
	displaced []*member     // those that were replaced, and have not left yet
	room      string        // of the last member that left, if there is no member
	left      time.Time     // when it left
	active    time.Duration // the latest last activity of members that left, an uptime
}

// introduce gives m, which has none, an identity without a name.
func (n *nicks) introduce(m *member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m.identity = &identity{members: []*member{m}}
	if n.directory != nil {
		n.nameLocked(m.identity, rand.Text(), rand.Text())
	}
}

// nameLocked gives an identity, which has neither, an id and a token.
func (n *nicks) nameLocked(id *identity, name, token string) {
	id.id, id.token = name, token
	n.byToken[token], n.byIdentity[name] = id, id
}

// tokenOf returns the token of m's identity, or "" if m has been replaced.
func (n *nicks) tokenOf(m *member) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := m.identity
	if m.replaced.Load() {
		return ""
	}
	if id.token == "" {
		id.token = rand.Text()
		n.byToken[id.token] = id
	}
	return id.token
}

// nickOf returns the name of m's identity, or "" if m has been replaced.
func (n *nicks) nickOf(m *member) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.replaced.Load() {
		return ""
	}
	return m.identity.nick
}

// others returns m's identity and its other members.
func (n *nicks) others(m *member) (*identity, []*member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(m.identity.members) == 1 { // the usual case allocates nothing
		return m.identity, nil
	}
	return m.identity, without(slices.Clone(m.identity.members), m)
}

// claim moves m, which is in no room, from its own identity to the one with a token. Unless share is
// set, m replaces the other members of that identity: when it enters a room, it gets them from
// displaced. It returns false if the token is not valid, or if m has been replaced. crowded means that
// the identity has too many members for one more.
func (n *nicks) claim(m *member, token string, share bool) (ok, crowded bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expireLocked()
	id := n.byToken[token]
	switch {
	case id == nil, m.replaced.Load():
		return false, false
	case id == m.identity:
		return true, false
	case share && len(id.members) >= maxSharing:
		return false, true
	}
	if len(id.members) == 0 {
		n.departed = slices.DeleteFunc(n.departed, func(other *identity) bool { return other == id })
	}
	m.identity.members = without(m.identity.members, m)
	if len(m.identity.members) == 0 {
		n.forgetLocked(m.identity)
	}
	m.inheritActivityLocked(id)
	m.identity = id
	id.members = append(id.members, m)
	if !share {
		for len(id.members) > 1 {
			n.replaceLocked(m, id.members[0])
		}
	}
	return true, false
}

// lastOf returns the name of m's identity, and the room of another member of it, or of the last one.
func (n *nicks) lastOf(m *member) (nick, room string) {
	n.mu.Lock()
	id := m.identity
	if m.replaced.Load() {
		n.mu.Unlock()
		return "", ""
	}
	nick, room = id.nick, id.room
	others := append(slices.Clone(m.displaces), id.members...)
	n.mu.Unlock()
	if r := others[0].currentRoom(); r != nil && others[0] != m {
		room = r.name
	}
	return nick, room
}

// displaced returns the members that m, which enters r, replaces: those that it claimed, and a
// member of its identity that is in r. inRoom are the replaced members of its identity that may be in
// r. Both are nil if m has been replaced itself. The caller holds r.mu.
func (n *nicks) displaced(m *member, r *room) (displaced, inRoom []*member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := m.identity
	if m.replaced.Load() {
		return nil, nil
	}
	if len(id.members) > 1 {
		for _, other := range slices.Clone(id.members) {
			if other != m && slices.Contains(r.members, other) {
				n.replaceLocked(m, other)
			}
		}
	}
	displaced = m.displaces
	m.displaces = nil
	return displaced, slices.Clone(id.displaced)
}

// replaceLocked makes m replace another member of its identity, and those that the other one
// replaces. From then on no member learns of the other one.
func (n *nicks) replaceLocked(m, other *member) {
	id := m.identity
	other.replaced.Store(true)
	id.members = without(id.members, other)
	id.displaced = append(id.displaced, other)
	m.displaces = append(append(m.displaces, other), other.displaces...)
	other.displaces = nil
}

// without removes m from members.
func without(members []*member, m *member) []*member {
	return slices.DeleteFunc(members, func(other *member) bool { return other == m })
}

// forgetLocked frees the name and the token of an identity that is not used any more.
func (n *nicks) forgetLocked(id *identity) {
	n.freeNameLocked(id)
	delete(n.byToken, id.token)
	delete(n.byIdentity, id.id)
}

// expire forgets the departed identities that can't be resumed any more.
func (n *nicks) expire() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expireLocked()
}

// expireLocked is expire with n.mu held. It also forgets the longest departed ones of too many.
func (n *nicks) expireLocked() {
	for len(n.departed) > 0 {
		if id := n.departed[0]; len(n.departed) <= maxDeparted && time.Since(id.left) <= resumeTime {
			return
		}
		n.forgetLocked(n.departed[0])
		n.departed[0] = nil
		n.departed = n.departed[1:]
	}
}
