package hub

import (
	"time"

	"partyline/hub/wire"
)

const (
	// crowded is the number of people above which comings and goings are told together.
	presenceBatchSize = 100
	// crowdEvery is how often they are.
	presenceInterval = time.Second
)

// crowd counts the comings and goings of a large room that are not told yet.
type presenceBatch struct {
	arrived, left int
	timer         *time.Timer
}

// arrived tells the others that m is here. r.mu is held, and m is not counted yet.
func (r *room) joinedLocked(m *member) {
	if r.announced >= presenceBatchSize {
		r.presence.arrived++
		r.flushPresenceSoonLocked()
		return
	}
	r.flushPresenceLocked(r.announced)
	r.broadcastExceptLocked(m, &wire.Joined{At: time.Now(), Room: r.name, Nick: m.nick, Via: m.via})
}

// tellOthers is tellAll for all but m. r.mu is held.
func (r *room) broadcastExceptLocked(m *member, e wire.Event) {
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	s := m.out.cursor.stream
	if s == nil || s.room != r { // m reads what the room is told after this
		r.broadcastLocked(e)
		return
	}
	from := s.end()
	r.broadcastLocked(e)
	to := s.end()
	m.out.ownArrival = span{from.position(), to.position()}
}

// departed tells the room that m is gone. r.mu is held, and m is no longer in the room.
func (r *room) leftLocked(m *member, word string) {
	if r.closed { // all go: each is told that itself
		return
	}
	if r.announced >= presenceBatchSize {
		r.presence.left++
		r.flushPresenceSoonLocked()
		return
	}
	r.flushPresenceLocked(r.announced + 1) // m goes in the next line
	r.broadcastLocked(&wire.Left{At: time.Now(), Room: r.name, Nick: m.nick, Text: word})
}

func (r *room) flushPresenceSoonLocked() {
	if r.presence.timer == nil {
		r.presence.timer = time.AfterFunc(presenceInterval, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.flushPresenceLocked(r.announced)
		})
	}
}

// tellCrowd tells what is counted, so that single events can follow, and how many people
// there are then. r.mu is held.
func (r *room) flushPresenceLocked(count int) {
	c := r.presence
	if c.timer == nil {
		return
	}
	c.timer.Stop()
	r.presence = presenceBatch{}
	r.broadcastLocked(&wire.Presence{
		At: time.Now(), Room: r.name,
		Arrived: c.arrived, Left: c.left, Count: count,
	})
}
