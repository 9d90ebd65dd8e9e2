package hub

import "time"

// A caller that asks for nothing may be the probe of a load balancer, or of a port scanner,
// that comes every few seconds and is gone at once. So the others learn of such a member when
// it says or asks something, or when it has stayed for a while. Until then it hears what the
// room is told, and nobody hears, sees or counts it.

const (
	// stayTime is after how long a member counts as one that stays.
	announceDelay = time.Second
	// stayEvery is the least time between two looks at those that do not yet.
	announceInterval = 50 * time.Millisecond
)

// add puts m, which has its place in no stream of the room yet, among the members. If m is
// known, or asked for something by coming, the others learn of it now. r.mu is held.
func (r *room) addLocked(m *member) {
	m.index = len(r.members)
	r.members = append(r.members, m)
	m.entered = time.Now()
	switch {
	case m.announced:
		r.arriveLocked(m)
	case !m.session.silent:
		r.announceLocked(m)
	case r.announceTimer == nil:
		r.announceTimer = time.AfterFunc(announceDelay, r.announceWaiting)
	}
}

// remove takes m from the members. r.mu is held.
func (r *room) removeLocked(m *member) {
	if m.announced {
		r.announced--
		r.swapLocked(m.index, r.announced)
	}
	last := len(r.members) - 1
	r.swapLocked(m.index, last)
	r.members[last] = nil
	r.members = r.members[:last]
	if r.announced == last && r.announceTimer != nil {
		r.announceTimer.Stop()
		r.announceTimer = nil
	}
}

func (r *room) swapLocked(i, j int) {
	r.members[i], r.members[j] = r.members[j], r.members[i]
	r.members[i].index, r.members[j].index = i, j
}

// announce tells the others of m, unless they know of it. m's turn is held.
func (r *room) announce(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !m.announced {
		r.announceLocked(m)
	}
}

// introduce tells the others of m for the first time, and the log, which must not block. r.mu
// is held.
func (r *room) announceLocked(m *member) {
	m.announced = true
	r.hub.log.Info("member on", "nick", m.nick, "via", m.via, "addr", m.addr, "room", r.name)
	r.arriveLocked(m)
}

// know counts m, and tells the others that it is here. r.mu is held.
func (r *room) arriveLocked(m *member) {
	r.joinedLocked(m)
	r.swapLocked(m.index, r.announced)
	r.announced++
}

// announceStayed tells the others of the members that have stayed.
func (r *room) announceWaiting() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.announceTimer == nil || r.closed { // stopped meanwhile, or all go
		return
	}
	left := time.Duration(-1) // until the next of them has stayed
	for i := r.announced; i < len(r.members); i++ {
		m := r.members[i]
		wait := announceDelay - time.Since(m.entered)
		if wait <= 0 {
			r.announceLocked(m)
		} else if left < 0 || wait < left {
			left = wait
		}
	}
	if left < 0 {
		r.announceTimer = nil
		return
	}
	r.announceTimer.Reset(max(left, announceInterval))
}
