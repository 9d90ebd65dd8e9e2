package hub

import (
	"slices"
	"sync"
	"time"

	"partyline/hub/names"
	"partyline/hub/wire"
)

// nickName returns a requested nickname as other members see it.
func nickName(requested string) (string, *wire.Refusal) {
	nick, err := names.Nick(requested)
	if err != nil {
		return "", &wire.Refusal{Code: wire.CodeNickInvalid, Message: err.Error()}
	}
	return nick, nil
}

// nicks finds members by their names. Its methods may be called from any goroutine, with or
// without a room's mu.
type nicks struct {
	mu         sync.Mutex
	bySkeleton map[string]*member
}

// take gives m a name in place of its present one. It returns false if another member's name
// shares a skeleton with it. If m is in a room, the caller holds the room's mu.
func (n *nicks) take(m *member, nick string, skeletons []string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := slices.ContainsFunc(skeletons, func(s string) bool {
		other := n.bySkeleton[s]
		return other != nil && other != m
	})
	if taken {
		return false
	}
	n.setSkeletonsLocked(m, skeletons)
	m.nick = nick
	return true
}

// release lets other members take m's name.
func (n *nicks) release(m *member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.setSkeletonsLocked(m, nil)
}

func (n *nicks) setSkeletonsLocked(m *member, skeletons []string) {
	for _, s := range m.skeletons {
		delete(n.bySkeleton, s)
	}
	for _, s := range skeletons {
		n.bySkeleton[s] = m
	}
	m.skeletons = skeletons
}

// find returns the member with a name, whatever its case, and the name as that member spells it.
// It returns nil if there is none. A name that only resembles a member's does not find it.
func (n *nicks) find(name string) (m *member, nick string) {
	skeleton, ok := names.FirstSkeleton(name)
	if !ok {
		return nil, ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	m = n.bySkeleton[skeleton]
	if m == nil || !names.EqualFold(m.nick, name) {
		return nil, ""
	}
	return m, m.nick
}

// rename gives m another name, and sends the room an event. It returns false if the name is
// taken.
func (r *room) rename(m *member, nick string) bool {
	skeletons := names.Skeletons(nick)
	r.mu.Lock()
	defer r.mu.Unlock()
	old := m.nick
	if !r.hub.nicks.take(m, nick, skeletons) {
		return false
	}
	if nick != old {
		r.broadcastLocked(&wire.Renamed{At: time.Now(), Room: r.name, Nick: old, To: nick})
		r.markOwnLocked(m)
	}
	return true
}

func nickTaken(nick string) *wire.Refusal {
	return &wire.Refusal{Code: wire.CodeNickTaken, Message: nick + " is taken"}
}
