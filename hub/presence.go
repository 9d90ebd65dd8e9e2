package hub

import (
	"time"

	"partyline/hub/wire"
)

const (
	// presenceBatchSize is the size of a room from which on joins and leaves are sent in
	// batches.
	presenceBatchSize = 100
	// presenceInterval is the time between two batches.
	presenceInterval = time.Second
)

// A presenceBatch counts the joins and leaves of a large room that are not sent yet.
type presenceBatch struct {
	arrived, left int
	timer         *time.Timer
}

// joinedLocked sends the other members the arrival of m, which is not counted yet.
func (r *room) joinedLocked(m *member) {
	if r.announced >= presenceBatchSize {
		r.presence.arrived++
		r.flushPresenceSoonLocked()
		return
	}
	r.flushPresenceLocked(r.announced)
	r.broadcastExceptLocked(m, &wire.Joined{At: time.Now(), Room: r.name, Nick: m.nick, Via: m.via})
}

// broadcastExceptLocked is broadcastLocked for all members but m.
func (r *room) broadcastExceptLocked(m *member, e wire.Event) {
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	s := m.out.cursor.stream
	if s == nil || s.room != r { // m starts to read after e
		r.broadcastLocked(e)
		return
	}
	from := s.endLocked()
	r.broadcastLocked(e)
	to := s.endLocked()
	m.out.ownArrival = span{from.position(), to.position()}
}

// leftLocked sends the members the departure of m, which is no longer in the room.
func (r *room) leftLocked(m *member, text string) {
	if r.closed { // all leave, and each gets a goodbye
		return
	}
	if r.announced >= presenceBatchSize {
		r.presence.left++
		r.flushPresenceSoonLocked()
		return
	}
	r.flushPresenceLocked(r.announced + 1) // m leaves in the next event
	r.broadcastLocked(&wire.Left{At: time.Now(), Room: r.name, Nick: m.nick, Text: text})
}

// flushPresenceSoonLocked sends the batch after presenceInterval.
func (r *room) flushPresenceSoonLocked() {
	if r.presence.timer == nil {
		r.presence.timer = time.AfterFunc(presenceInterval, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.flushPresenceLocked(r.announced)
		})
	}
}

// flushPresenceLocked sends the batch, if there is one, with the number of members after it.
func (r *room) flushPresenceLocked(count int) {
	b := r.presence
	if b.timer == nil {
		return
	}
	b.timer.Stop()
	r.presence = presenceBatch{}
	r.broadcastLocked(&wire.Presence{
		At: time.Now(), Room: r.name,
		Arrived: b.arrived, Left: b.left, Count: count,
	})
}
