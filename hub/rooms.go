package hub

import (
	"partyline/hub/admission"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// lobby is the room of a member that asks for none.
const lobby = "lobby"

// roomName returns the normalized name of a requested room.
func roomName(requested string) (string, *wire.Refusal) {
	name, err := names.Room(requested)
	if err != nil {
		return "", &wire.Refusal{Code: wire.CodeRoomInvalid, Message: err.Error()}
	}
	return name, nil
}

// open returns a room for a session to enter, and creates it if necessary. The hub keeps the room
// until the session has entered it.
func (h *Hub) open(s *session, name string) (*room, *wire.Refusal) {
	r, bad := h.findOrCreate(s, name)
	if bad != nil {
		return nil, bad
	}
	r.load()
	return r, nil
}

// findOrCreate returns the room with a name, and counts s as entering it.
func (h *Hub) findOrCreate(s *session, name string) (*room, *wire.Refusal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[name]
	if r == nil {
		if bad := h.allowRoomLocked(s, name); bad != nil {
			return nil, bad
		}
		r = newRoom(h, name)
		r.closed = h.closing
		h.rooms[name] = r
	}
	r.entering++
	return r, nil
}

// allowRoomLocked returns nil if a session may create one more room, and counts that room. The
// limits do not apply to the lobby.
func (h *Hub) allowRoomLocked(s *session, name string) *wire.Refusal {
	if name == lobby {
		return nil
	}
	l := h.limits.Load()
	if l.Rooms > 0 && len(h.rooms) >= l.Rooms {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: "there are too many rooms: /rooms lists those that you can join"}
	}
	if l.NewRooms <= 0 {
		return nil
	}
	ok, known := s.slot.NewRoom()
	owner := "your address has"
	if !known {
		s.newRooms = admission.NewRoomsLimiter(s.newRooms, l.NewRooms)
		ok, owner = s.newRooms.Allow(), "you have"
	}
	if !ok {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: owner + " made too many rooms: join one that is there, or wait a minute"}
	}
	return nil
}

// enter adds m to a room that its session has opened, and returns the welcome that m gets. It ends
// the members that m replaces, and returns them: they say nothing more, but may have uncommitted
// messages.
func (h *Hub) enter(m *member, r *room, how entry) (welcome *wire.Welcome, displaced []*member) {
	h.mu.Lock()
	r.mu.Lock()
	r.entering--
	h.mu.Unlock()
	welcome, displaced = r.enterLocked(m, how)
	r.mu.Unlock()
	for _, other := range displaced {
		other.whileInRoom(func(r *room) { r.departLocked(other) })
		h.endReplaced(other)
	}
	return welcome, displaced
}

// endReplaced ends a member that has been replaced, in a goroutine of its own, since its session
// may be waiting for its peer.
func (h *Hub) endReplaced(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.members[m]; ok {
		m.wg.Go(func() { m.session.end(ErrResumed) })
	}
}

// leave takes m out of its room, and removes the room from the hub if it is empty then.
func (h *Hub) leave(m *member, text string) {
	r := m.room
	r.leave(m, text)
	h.mu.Lock()
	defer h.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.members) == 0 && r.entering == 0 && h.rooms[r.name] == r {
		r.presence.flushLocked(0) // stops the timer; no member gets the event
		delete(h.rooms, r.name)
		h.opt.Journal.Release(r.name) // before another session can open it
	}
}
