package hub

import (
	"slices"
	"sync"
	"time"

	"partyline/hub/names"
	"partyline/hub/wire"
)

// nickName returns the nickname that a member asks for, as other members see it.
func nickName(wish string) (string, *wire.Refusal) {
	nick, err := names.Nick(wish)
	if err != nil {
		return "", &wire.Refusal{Code: wire.CodeNickInvalid, Message: err.Error()}
	}
	return nick, nil
}

// nicks knows which member has which name. Its methods may be called from any goroutine,
// with a room's mu held or without.
type nicks struct {
	mu         sync.Mutex // taken after hub.mu and a room's mu; nothing is taken after it
	bySkeleton map[string]*member
}

// take gives m a name in place of the one that it had, and reports whether it could: not if
// another member has a name that looks the same. looks are those of the name. If m is in a
// room, the room's mu is held.
func (n *nicks) take(m *member, nick string, looks []string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := slices.ContainsFunc(looks, func(look string) bool {
		other := n.bySkeleton[look]
		return other != nil && other != m
	})
	if taken {
		return false
	}
	n.list(m, looks)
	m.nick = nick
	return true
}

// release frees m's name for others.
func (n *nicks) release(m *member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list(m, nil)
}

// list puts m under looks, and under no others. n.mu is held.
func (n *nicks) list(m *member, looks []string) {
	for _, look := range m.skeletons {
		delete(n.bySkeleton, look)
	}
	for _, look := range looks {
		n.bySkeleton[look] = m
	}
	m.skeletons = looks
}

// find returns the member that has a name, whatever its case, and the name as it is spelled;
// nil if nobody has it. A name that merely looks the same is not found.
func (n *nicks) find(name string) (m *member, nick string) {
	look, ok := names.FirstSkeleton(name)
	if !ok {
		return nil, ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	m = n.bySkeleton[look]
	if m == nil || !names.EqualFold(m.nick, name) {
		return nil, ""
	}
	return m, m.nick
}

// rename gives m another name and tells its room, unless another member has it.
func (r *room) rename(m *member, nick string) bool {
	looks := names.Skeletons(nick)
	r.mu.Lock()
	defer r.mu.Unlock()
	old := m.nick
	if !r.hub.nicks.take(m, nick, looks) {
		return false
	}
	if nick != old {
		r.broadcastLocked(&wire.Renamed{At: time.Now(), Room: r.name, Nick: old, To: nick})
		m.out.markOwnLocked(r)
	}
	return true
}
