package hub

import "time"

// A caller that asks for nothing may be the probe of a load balancer, or of a port scanner,
// that comes every few seconds and is gone at once. So the others learn of such a member when
// it says or asks something, or when it has stayed for a while. Until then it hears what the
// room is told, and nobody hears, sees or counts it.

const (
	// stayTime is after how long a member counts as one that stays.
	stayTime = time.Second
	// stayEvery is the least time between two looks at those that do not yet.
	stayEvery = 50 * time.Millisecond
)

// add puts m, which has its place in no stream of the room yet, among the members. If m is
// known, or asked for something by coming, the others learn of it now. r.mu is held.
func (r *room) add(m *member) {
	m.index = len(r.members)
	r.members = append(r.members, m)
	m.came = time.Now()
	switch {
	case m.known:
		r.know(m)
	case !m.quiet:
		r.introduce(m)
	case r.stayed == nil:
		r.stayed = time.AfterFunc(stayTime, r.announceStayed)
	}
}

// remove takes m from the members. r.mu is held.
func (r *room) remove(m *member) {
	if m.known {
		r.known--
		r.swap(m.index, r.known)
	}
	last := len(r.members) - 1
	r.swap(m.index, last)
	r.members[last] = nil
	r.members = r.members[:last]
	if r.known == last && r.stayed != nil {
		r.stayed.Stop()
		r.stayed = nil
	}
}

func (r *room) swap(i, j int) {
	r.members[i], r.members[j] = r.members[j], r.members[i]
	r.members[i].index, r.members[j].index = i, j
}

// announce tells the others of m, unless they know of it. m's turn is held.
func (r *room) announce(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !m.known {
		r.introduce(m)
	}
}

// introduce tells the others of m for the first time, and the log, which must not block. r.mu
// is held.
func (r *room) introduce(m *member) {
	m.known = true
	r.hub.log.Info("member on", "nick", m.nick, "via", m.via, "addr", m.addr, "room", r.name)
	r.know(m)
}

// know counts m, and tells the others that it is here. r.mu is held.
func (r *room) know(m *member) {
	r.arrived(m)
	r.swap(m.index, r.known)
	r.known++
}

// announceStayed tells the others of the members that have stayed.
func (r *room) announceStayed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stayed == nil || r.closed { // stopped meanwhile, or all go
		return
	}
	left := time.Duration(-1) // until the next of them has stayed
	for i := r.known; i < len(r.members); i++ {
		m := r.members[i]
		wait := stayTime - time.Since(m.came)
		if wait <= 0 {
			r.introduce(m)
		} else if left < 0 || wait < left {
			left = wait
		}
	}
	if left < 0 {
		r.stayed = nil
		return
	}
	r.stayed.Reset(max(left, stayEvery))
}
