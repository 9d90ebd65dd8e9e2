package hub

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"partyline/hub/admission"
)

// A member is a client that is in a room or enters one, as the hub and other members see it. Its
// outbox holds what it is sent. Its session reads its requests.
type member struct {
	out     outbox // first, because in a large room a sweep finds few members in the CPU cache
	session *session

	hub  *Hub
	conn Conn
	via  string
	addr string
	slot admission.Slot
	wg   sync.WaitGroup // the goroutines that serve the member, except its session's

	// Guarded by out.mu and by the session's turn: either suffices to read.
	room *room // nil until the member has its welcome

	// Guarded by hub.nicks.mu and, if the member is in a room, by the room's mu: either
	// suffices to read.
	nick      string
	skeletons []string // the keys of the member in hub.nicks; guarded by hub.nicks.mu alone

	// Guarded by the room's mu.
	index            int       // in room.members
	announced        bool      // other members see it: it is among the first in room.members
	entered          time.Time // when it entered the room
	uncommitted      int       // messages that the journal has not committed yet
	uncommittedBytes int       // of these messages
	aheadBytes       int       // sent while senders waited for a lagging member
	mustSweep        bool      // the session still has to sweep its messages; only the session sets it
}

// logPanic logs a panic in code that serves the member.
func (m *member) logPanic(p any) {
	m.hub.opt.Log.Error("panic in a session", "transport", m.via, "addr", m.addr,
		"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}
