package hub

import "time"

// A client that asks for nothing may be the probe of a load balancer or of a port scanner, which
// connects every few seconds and disconnects at once. So a silent member is announced to the
// others with its first request, or after announceDelay. Until then it gets the events of the
// room, but no other member sees it, and it does not count.

const (
	// announceDelay is the time after which a silent member is announced.
	announceDelay = time.Second
	// announceInterval is the least time between two checks of the silent members.
	announceInterval = 50 * time.Millisecond
)

// addLocked adds m to the members, before it has a cursor in a stream of the room. It announces m
// unless m is silent.
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

// removeLocked removes m from the members.
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

// announce announces m, unless it is announced. The caller holds m's turn.
func (r *room) announce(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !m.announced {
		r.announceLocked(m)
	}
}

// announceLocked announces m to the members and to the log, which must not block.
func (r *room) announceLocked(m *member) {
	m.announced = true
	r.hub.log.Info("member joined", "nick", m.nick, "transport", m.via, "addr", m.addr, "room", r.name)
	r.arriveLocked(m)
}

// arriveLocked sends the other members the arrival of m, and counts it.
func (r *room) arriveLocked(m *member) {
	r.joinedLocked(m)
	r.swapLocked(m.index, r.announced)
	r.announced++
}

// announceWaiting announces the silent members that have stayed for announceDelay.
func (r *room) announceWaiting() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.announceTimer == nil || r.closed { // stopped meanwhile, or all leave
		return
	}
	next := time.Duration(-1) // until the next of them is announced
	for i := r.announced; i < len(r.members); i++ {
		m := r.members[i]
		wait := announceDelay - time.Since(m.entered)
		if wait <= 0 {
			r.announceLocked(m)
		} else if next < 0 || wait < next {
			next = wait
		}
	}
	if next < 0 {
		r.announceTimer = nil
		return
	}
	r.announceTimer.Reset(max(next, announceInterval))
}
