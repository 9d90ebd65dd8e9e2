package hub

import (
	"slices"
	"sync"
	"time"

	"partyline/hub/directory"
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

func nickTaken(nick string) *wire.Refusal {
	return &wire.Refusal{Code: wire.CodeNickTaken, Message: nick + " is taken"}
}

// nicks finds identities by their names and by their tokens. Its methods may be called from any
// goroutine, with or without a room's mu.
type nicks struct {
	mu         sync.Mutex
	directory  directory.Directory // nil if this server is alone
	bySkeleton map[string]*identity
	byToken    map[string]*identity
	byIdentity map[string]*identity // by id, with a directory
	departed   []*identity          // those without a member that may be resumed, the longest departed first
}

// take gives m's identity a name, in place of its present one. It returns false if the name of
// another identity shares a skeleton with it, or if m has been replaced. The skeletons of
// the present name that the new one lacks stay reserved until the caller calls drop with them.
func (n *nicks) take(m *member, nick string) (retired []string, ok bool) {
	skeletons := names.Skeletons(nick)
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.takeLocked(m, nick, skeletons)
}

// takeFirst gives m's identity a name, unless it has one that no other identity can take. It returns
// false if the name is taken.
func (n *nicks) takeFirst(m *member, nick string) bool {
	skeletons := names.Skeletons(nick)
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.replaced.Load() || len(m.identity.skeletons) > 0 {
		return true
	}
	_, ok := n.takeLocked(m, nick, skeletons)
	return ok
}

// hasName reports whether m's identity has a name that no other identity can take.
func (n *nicks) hasName(m *member) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(m.identity.skeletons) > 0
}

func (n *nicks) takeLocked(m *member, nick string, skeletons []string) (retired []string, ok bool) {
	id := m.identity
	taken := slices.ContainsFunc(skeletons, func(s string) bool {
		other := n.bySkeleton[s]
		return other != nil && other != id
	})
	if m.replaced.Load() || taken {
		return nil, false
	}
	for _, s := range id.skeletons {
		if !slices.Contains(skeletons, s) {
			retired = append(retired, s)
		}
	}
	for _, s := range skeletons {
		n.bySkeleton[s] = id
	}
	id.nick, id.skeletons = nick, skeletons
	return retired, true
}

// drop lets others take names with the given skeletons of id, unless its present name has them.
func (n *nicks) drop(id *identity, skeletons []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dropLocked(id, skeletons)
}

func (n *nicks) dropLocked(id *identity, skeletons []string) {
	var freed []string
	for _, s := range skeletons {
		if n.bySkeleton[s] == id && !slices.Contains(id.skeletons, s) {
			delete(n.bySkeleton, s)
			freed = append(freed, s)
		}
	}
	if n.directory != nil && len(freed) > 0 {
		n.directory.Release(id.id, freed)
	}
}

// freeNameLocked lets others take the name of id.
func (n *nicks) freeNameLocked(id *identity) {
	skeletons := id.skeletons
	id.skeletons = nil
	n.dropLocked(id, skeletons)
}

// release takes m, which has left a room, out of its identity. If m was its last member, others can
// take its name.
func (n *nicks) release(m *member, room string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := m.identity
	if m.replaced.Load() {
		id.displaced = without(id.displaced, m)
		return
	}
	if id == nil { // it ended before it had one
		return
	}
	id.members = without(id.members, m)
	id.active = max(id.active, m.activity.last(m.hub.uptime()))
	if len(id.members) > 0 {
		return
	}
	n.freeNameLocked(id)
	if id.token != "" {
		id.room, id.left = room, time.Now()
		n.departed = append(n.departed, id)
		n.expireLocked()
	}
}

// find returns a member with a name, whatever its case, and the name as that member spells it.
// It returns nil if there is none. A name that only resembles a member's does not find it.
func (n *nicks) find(name string) (m *member, nick string) {
	skeleton, ok := names.FirstSkeleton(name)
	if !ok {
		return nil, ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	id := n.bySkeleton[skeleton]
	if id == nil || len(id.members) == 0 || !names.EqualFold(id.nick, name) {
		return nil, ""
	}
	return id.members[0], id.nick
}

// rename gives the identity of m another name, and sends an event to each room that has a member
// of it. It returns a refusal if m can't have the name. The caller holds m's turn.
func (h *Hub) rename(m *member, nick string) *wire.Refusal {
	drop, bad := h.renameOthers(m, nick)
	if bad != nil {
		return bad
	}
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	drop()
	r.updateNickLocked(m)
	return nil
}

// takeFirst gives m's identity a name, unless it has one. It returns false if the name is taken, on this server or on
// another one. If the others can't be asked, it takes the name: a guest's is most likely free, and a member that resumes
// had it. The Directory claims it later.
func (h *Hub) takeFirst(m *member, nick string) bool {
	if h.nicks.hasName(m) {
		return true
	}
	if _, bad := h.claim(m, nick, "", true); bad != nil && bad.Code == wire.CodeNickTaken {
		return false
	}
	ok := h.nicks.takeFirst(m, nick)
	if !ok {
		h.unclaim(m, nick)
	}
	return ok
}

// renameOthers is rename for the members of the identity other than m. The former name stays reserved
// until the caller calls drop.
func (h *Hub) renameOthers(m *member, nick string) (drop func(), bad *wire.Refusal) {
	if _, bad := h.claim(m, nick, "", false); bad != nil {
		return nil, bad
	}
	retired, ok := h.nicks.take(m, nick)
	if !ok {
		h.unclaim(m, nick)
		return nil, nickTaken(nick)
	}
	id, others := h.nicks.others(m) // after take: later members of id enter their room with the new name
	for _, other := range others {
		other.whileInRoom(func(r *room) { r.updateNickLocked(other) }) // enterLocked does it if other enters a room
	}
	return func() { h.nicks.drop(id, retired) }, nil
}

// updateNickLocked gives m, which is in r, the name of its identity. It sends the room an event if
// that is another name than before. If the others do not see m, it sends the event to m only.
func (r *room) updateNickLocked(m *member) {
	old := m.nick
	nick := r.hub.nicks.nickOf(m)
	if nick == "" || nick == old {
		return
	}
	m.nick = nick
	renamed := &wire.Renamed{At: time.Now(), Room: r.name, Nick: old, To: nick}
	if !m.announced {
		m.out.enqueue(renamed)
		r.sweep.startLocked()
		return
	}
	r.broadcastLocked(renamed)
	r.publishLocked(directory.Renamed, m, "")
	r.markOwnLocked(m)
}
