package hub

import "time"

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

// arrived tells the room that m comes. r.mu is held, and m is not in the room yet.
func (r *room) arrived(m *member) {
	if len(r.members) >= crowded {
		r.crowd.arrived++
		r.tellCrowdSoon()
		return
	}
	r.tellCrowd(len(r.members))
	r.tellAll(&Joined{At: time.Now(), Room: r.name, Nick: m.nick, Via: m.via})
}

// departed tells the room that m is gone. r.mu is held, and m is no longer in the room.
func (r *room) departed(m *member, word string) {
	if r.closed { // all go: each is told that itself
		return
	}
	if len(r.members) >= crowded {
		r.crowd.left++
		r.tellCrowdSoon()
		return
	}
	r.tellCrowd(len(r.members) + 1) // m goes in the next line
	r.tellAll(&Left{At: time.Now(), Room: r.name, Nick: m.nick, Text: word})
}

func (r *room) tellCrowdSoon() {
	if r.crowd.timer == nil {
		r.crowd.timer = time.AfterFunc(crowdEvery, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.tellCrowd(len(r.members))
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
	r.tellAll(&Presence{
		At: time.Now(), Room: r.name,
		Arrived: c.arrived, Left: c.left, Count: count,
	})
}
