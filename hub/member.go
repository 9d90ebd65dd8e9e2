package hub

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"partyline/hub/admission"
)

// A member is a client in a room, or on its way into one, as the hub and other members see
// it. Its outbox holds what it is sent, and its session reads what it asks for.
type member struct {
	out     outbox // first: a sweep of a large room finds the memory of most members cold
	session *session

	hub  *Hub
	conn Conn
	via  string
	addr string
	slot admission.Slot
	wg   sync.WaitGroup // the goroutines that serve the member besides its session's

	room *room // nil until the member has its welcome; guarded by out.mu and by the session's turn, either suffices to read

	// Guarded by hub.nicks.mu and, if the member is in a room, by the room's mu: either
	// suffices to read.
	nick      string
	skeletons []string // the keys of the member in hub.nicks; guarded by hub.nicks.mu alone

	// Guarded by the room's mu.
	index            int       // in room.members
	announced        bool      // other members know of it: it is among the first in room.members
	entered          time.Time // the room
	uncommitted      int       // messages that the journal has not committed yet
	uncommittedBytes int       // of these messages
	aheadBytes       int       // sent while another member lagged
	mustSweep        bool      // the session sweeps what it said; only the session sets it
}

// logPanic logs a panic in code that serves the member.
func (m *member) logPanic(p any) {
	m.hub.opt.Log.Error("panic in a session", "transport", m.via, "addr", m.addr,
		"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}
