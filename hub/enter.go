package hub

import (
	"slices"

	"partyline/hub/wire"
)

// An entry says how a member enters a room.
type entry struct {
	ref     string       // of the request
	refused []wire.Event // what the member asked for and does not get
	resumed bool         // it has the identity of a token
}

// enterLocked adds m to the room. m gets the welcome, the refusals, the notices that apply, and,
// after release, all later events of the room except its own join. displaced are the members that m
// replaces.
func (r *room) enterLocked(m *member, how entry) (welcome *wire.Welcome, displaced []*member) {
	if nick := r.hub.nicks.nickOf(m); nick != "" {
		m.nick = nick
	}
	displaced, inRoom := r.hub.nicks.displaced(m, r)
	hidden := r.hideLocked(inRoom)
	if hidden != nil {
		m.nick = hidden.nick // which may be the name before the present one
	}
	r.addLocked(m, hidden != nil)
	welcome = r.welcomeMemberLocked(m, how)
	// The identity of m may have changed while other goroutines could not find m in this room.
	if m.replaced.Load() {
		r.departLocked(m)
	} else {
		r.updateNickLocked(m)
	}
	return welcome, displaced
}

// welcomeMemberLocked makes m, which is among the members, a reader of the room.
func (r *room) welcomeMemberLocked(m *member, how entry) *wire.Welcome {
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	m.room = r // from now on other members can send to m, so it gets the welcome in the same step
	m.out.seekLocked(r.streamLocked(m.out.codecLocked()).endLocked())
	m.out.holdLocked()
	welcome := r.welcomeLocked(m, m.out.format, how.ref)
	welcome.Resumed = how.resumed
	m.out.appendLocked(welcome)
	m.out.appendLocked(how.refused...)
	m.out.appendLocked(r.noticesLocked()...)
	return welcome
}

// hideLocked takes the one of members that the others see out of their sight, without an event, and
// returns it, or nil if they see none.
func (r *room) hideLocked(members []*member) *member {
	for _, m := range members {
		if slices.Contains(r.members, m) && m.announced {
			r.unlistLocked(m)
			return m
		}
	}
	return nil
}

// departLocked takes m, which is in the room, out of the sight of the others, and sends them an
// event.
func (r *room) departLocked(m *member) {
	if m.announced {
		r.unlistLocked(m)
		r.presence.sendLeaveLocked(m, "")
	}
}

// unlistLocked makes m, which is announced, silent.
func (r *room) unlistLocked(m *member) {
	r.announced--
	r.swapLocked(m.index, r.announced)
	m.announced = false
}
