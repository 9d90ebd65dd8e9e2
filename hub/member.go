package hub

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
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

	// Guarded by hub.nicks.mu.
	identity  *identity // nil before it starts
	displaces []*member // those that it replaces when it enters a room

	activity activity    // any goroutine may read it; only the session changes it
	replaced atomic.Bool // another member has its identity: no other member sees it; never cleared

	// Guarded by the room's mu.
	nick             string    // the name of its identity, as the room knows it
	index            int       // in room.members
	announced        bool      // other members see it: it is among the first in room.members
	entered          time.Time // when it entered the room
	publishedAs      string    // the identity with which other servers list it
	uncommitted      int       // messages that the journal has not committed yet
	uncommittedBytes int       // of these messages
	aheadBytes       int       // sent while senders waited for a lagging member
	mustSweep        bool      // the session still has to sweep its messages; only the session sets it
}

// currentRoom returns the room that the member is in, or was in last; nil if it was in none.
func (m *member) currentRoom() *room {
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	return m.room
}

// speaker returns the name under which m, which is in a room, may say something. The error is
// ErrResumed if another member has the place of m: then a third one may have its name. The caller
// holds m's turn.
func (m *member) speaker() (nick string, err error) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.speakerLocked()
}

// speakerLocked is speaker for a caller that holds the mu of m's room.
func (m *member) speakerLocked() (nick string, err error) {
	if m.replaced.Load() && !m.announced {
		return "", ErrResumed
	}
	return m.nick, nil
}

// whileInRoom calls do with the room of m, and with its mu held, if m is in one.
func (m *member) whileInRoom(do func(*room)) {
	r := m.currentRoom()
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.members, m) {
		do(r)
	}
}

// logPanic logs a panic in code that serves the member.
func (m *member) logPanic(p any) {
	m.hub.opt.Log.Error("panic in a session", "transport", m.via, "addr", m.addr,
		"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}
