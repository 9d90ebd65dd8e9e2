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

// nicks has the members by name. Its methods may be called from any goroutine, with a room's
// mu held or without.
type nicks struct {
	mu         sync.Mutex
	bySkeleton map[string]*member
}

// take gives m a name in place of its present one, and reports whether it could: not if
// another member has a name with one of the same skeletons. If m is in a room, the caller
// holds the room's mu.
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

// find returns the member with a name, in any case, and the name as it is spelled. It returns
// nil if there is none, even if a member has a name that looks the same.
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

// rename gives m another name and sends its room an event, and reports whether it could.
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
