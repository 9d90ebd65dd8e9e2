package hub

import (
	"time"

	"partyline/hub/directory"
	"partyline/hub/wire"
)

const (
	// presenceBatchSize is the number of members at which a room starts to send joins and leaves
	// in batches.
	presenceBatchSize = 100
	// presenceInterval is the time between two batches.
	presenceInterval = time.Second
)

// A presence sends joins and leaves to the members of a room. The room's mu guards it.
type presence struct {
	room          *room
	batch         presenceBatch
	announceTimer *time.Timer // for silent members; nil if all members are announced
}

// A presenceBatch counts the joins and leaves of a large room that are not sent yet.
type presenceBatch struct {
	arrived, left int
	timer         *time.Timer // sends the batch; nil if it is empty
}

// sendJoinLocked sends the other members the join of m, which is not counted yet.
func (p *presence) sendJoinLocked(m *member) {
	if p.batchJoinLocked(p.room.totalLocked()) {
		return
	}
	p.room.broadcastExceptLocked(m, &wire.Joined{At: time.Now(), Room: p.room.name, Nick: m.nick, Via: m.via})
}

// batchJoinLocked counts a join if the room, with the total of its members before it, sends joins in batches. Otherwise it
// returns false, and the caller sends the join.
func (p *presence) batchJoinLocked(total int) bool {
	if total >= presenceBatchSize {
		p.batch.arrived++
		p.flushSoonLocked()
		return true
	}
	p.flushLocked(total)
	return false
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
	m.out.ownJoin = span{from.position(), to.position()}
}

// sendLeaveLocked sends the members the leave of m, which is no longer in the room.
func (p *presence) sendLeaveLocked(m *member, text string) {
	p.room.publishLocked(directory.Left, m, text)
	if !p.room.isElsewhereLocked(m) {
		p.sendLeftLocked(m.nick, text)
	}
}

// sendLeftLocked sends the members the leave of one that is no longer counted.
func (p *presence) sendLeftLocked(nick, text string) {
	if p.room.closed { // all members leave, and each gets a goodbye
		return
	}
	total := p.room.totalLocked()
	if total >= presenceBatchSize {
		p.batch.left++
		p.flushSoonLocked()
		return
	}
	p.flushLocked(total + 1) // it leaves with the next event
	p.room.broadcastLocked(&wire.Left{At: time.Now(), Room: p.room.name, Nick: nick, Text: text})
}

// flushSoonLocked sends the batch after presenceInterval.
func (p *presence) flushSoonLocked() {
	if p.batch.timer == nil {
		p.batch.timer = time.AfterFunc(presenceInterval, func() {
			p.room.mu.Lock()
			defer p.room.mu.Unlock()
			p.flushLocked(p.room.totalLocked())
		})
	}
}

// flushLocked sends the batch, if there is one, with the number of members after it.
func (p *presence) flushLocked(count int) {
	b := p.batch
	if b.timer == nil {
		return
	}
	b.timer.Stop()
	p.batch = presenceBatch{}
	p.room.broadcastLocked(&wire.Presence{
		At: time.Now(), Room: p.room.name,
		Arrived: b.arrived, Left: b.left, Count: count,
	})
}
