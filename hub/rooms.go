package hub

import (
	"partyline/hub/admission"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// lobby is the room of a member that asks for none.
const lobby = "lobby"

// roomName returns the name of the room that a member asks for.
func roomName(wish string) (string, *wire.Refusal) {
	name, err := names.Room(wish)
	if err != nil {
		return "", &wire.Refusal{Code: wire.CodeRoomInvalid, Message: err.Error()}
	}
	return name, nil
}

// open finds a room for m to enter, and makes it where there is none. The room stays
// until m has entered it.
func (h *Hub) open(m *member, name string) (*room, *wire.Refusal) {
	r, bad := h.findOrMake(m, name)
	if bad != nil {
		return nil, bad
	}
	r.load()
	return r, nil
}

func (h *Hub) findOrMake(m *member, name string) (*room, *wire.Refusal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[name]
	if r == nil {
		if bad := h.mayMake(m, name); bad != nil {
			return nil, bad
		}
		r = newRoom(h, name)
		r.closed = h.closing
		h.rooms[name] = r
	}
	r.entering++
	return r, nil
}

// mayMake returns why m may not make one more room; if it may, the room is counted. The
// lobby is everybody's. h.mu is held.
func (h *Hub) mayMake(m *member, name string) *wire.Refusal {
	limits := &h.limits
	if name == lobby {
		return nil
	}
	if limits.Rooms > 0 && len(h.rooms) >= limits.Rooms {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: "there are too many rooms: /rooms lists those that you can join"}
	}
	if limits.NewRooms <= 0 {
		return nil
	}
	limiter, whose := m.slot.NewRooms(), "your address has made"
	if limiter == nil {
		if m.session.newRooms == nil {
			m.session.newRooms = admission.NewRoomsLimiter(limits.NewRooms)
		}
		limiter, whose = m.session.newRooms, "you have made"
	}
	if !limiter.Allow() {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: whose + " too many rooms: join one that is there, or wait a minute"}
	}
	return nil
}

// enter puts m into a room that was opened for it, and returns the welcome that m is told.
func (h *Hub) enter(m *member, r *room, ref string, wrong []wire.Event) *wire.Welcome {
	h.mu.Lock()
	r.mu.Lock()
	r.entering--
	h.mu.Unlock()
	defer r.mu.Unlock()
	return r.enterLocked(m, ref, wrong)
}

// leave takes m out of its room, and the room out of the hub when it was the last.
func (h *Hub) leave(m *member, word string) {
	r := m.room
	r.leave(m, word)
	h.mu.Lock()
	defer h.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.members) == 0 && r.entering == 0 && h.rooms[r.name] == r {
		r.flushPresenceLocked(0) // to nobody: it stops the timer
		delete(h.rooms, r.name)
		h.journal.Release(r.name) // before anybody can open it again
	}
}
