package hub

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"partyline/hub/admission"
)

// A member is a client in a room, or on its way into one: what the hub and other members'
// goroutines know of it. Its outbox has what it is sent; its session reads what it asks for.
type member struct {
	out     outbox // first: a sweep of a large room finds the memory of most members cold
	session *session

	hub  *Hub
	conn Conn
	via  string
	addr string
	slot admission.Slot
	wg   sync.WaitGroup // goroutines started for this member

	room *room // guarded by out.mu, and written in its session's turn; nil until it has its welcome

	// Written under hub.nicks.mu and, if it is in a room, the room's mu: either suffices to
	// read.
	nick      string
	skeletons []string // under which hub.nicks has it; under hub.nicks.mu alone

	// Guarded by its room's mu.
	index            int       // in room.members
	announced        bool      // the others know of it: it is among the first in room.members
	entered          time.Time // into the room
	uncommitted      int       // messages that the journal has not committed yet
	uncommittedBytes int       // bytes of their texts
	aheadBytes       int       // bytes that it said while somebody was behind
	mustSweep        bool      // its session is to sweep what it said; written by the session alone
}

func (m *member) logPanic(p any) {
	m.hub.log.Error("panic in a member's session", "via", m.via, "addr", m.addr,
		"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}
