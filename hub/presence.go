package hub

import (
	"time"

	"partyline/hub/wire"
)

const (
	// crowded is the number of people above which comings and goings are told together.
	crowded = 100
	// crowdEvery is how often they are.
	crowdEvery = time.Second
)

// crowd counts the comings and goings of a large room that are not told yet.
type crowd struct {
	arrived, left int
	timer         *time.Timer
}

// arrived tells the others that m is here. r.mu is held, and m is not counted yet.
func (r *room) arrived(m *member) {
	if r.known >= crowded {
		r.crowd.arrived++
		r.tellCrowdSoon()
		return
	}
	r.tellCrowd(r.known)
	r.tellOthers(m, &wire.Joined{At: time.Now(), Room: r.name, Nick: m.nick, Via: m.via})
}

// tellOthers is tellAll for all but m. r.mu is held.
func (r *room) tellOthers(m *member, e wire.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.cur.stream
	if s == nil || s.room != r { // m reads what the room is told after this
		r.tellAll(e)
		return
	}
	from := s.end()
	r.tellAll(e)
	to := s.end()
	m.own = span{from.place(), to.place()}
}

// departed tells the room that m is gone. r.mu is held, and m is no longer in the room.
func (r *room) departed(m *member, word string) {
	if r.closed { // all go: each is told that itself
		return
	}
	if r.known >= crowded {
		r.crowd.left++
		r.tellCrowdSoon()
		return
	}
	r.tellCrowd(r.known + 1) // m goes in the next line
	r.tellAll(&wire.Left{At: time.Now(), Room: r.name, Nick: m.nick, Text: word})
}

func (r *room) tellCrowdSoon() {
	if r.crowd.timer == nil {
		r.crowd.timer = time.AfterFunc(crowdEvery, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.tellCrowd(r.known)
		})
	}
}

// tellCrowd tells what is counted, so that single events can follow, and how many people
// there are then. r.mu is held.
func (r *room) tellCrowd(count int) {
	c := r.crowd
	if c.timer == nil {
		return
	}
	c.timer.Stop()
	r.crowd = crowd{}
	r.tellAll(&wire.Presence{
		At: time.Now(), Room: r.name,
		Arrived: c.arrived, Left: c.left, Count: count,
	})
}
