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
		r.presence.arriveLocked(m)
	case !m.session.silent:
		r.presence.announceLocked(m)
	case r.presence.announceTimer == nil:
		r.presence.announceTimer = time.AfterFunc(announceDelay, r.presence.announceWaiting)
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
	if r.announced == last && r.presence.announceTimer != nil {
		r.presence.announceTimer.Stop()
		r.presence.announceTimer = nil
	}
}

func (r *room) swapLocked(i, j int) {
	r.members[i], r.members[j] = r.members[j], r.members[i]
	r.members[i].index, r.members[j].index = i, j
}

// announce announces m, unless it is announced. The caller holds m's turn.
func (p *presence) announce(m *member) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !m.announced {
		p.announceLocked(m)
	}
}

// announceLocked announces m to the members and to the log, which must not block.
func (p *presence) announceLocked(m *member) {
	m.announced = true
	p.room.hub.opt.Log.Info("member joined", "nick", m.nick, "transport", m.via, "addr", m.addr, "room", p.room.name)
	p.arriveLocked(m)
}

// arriveLocked sends the other members the arrival of m, and counts it.
func (p *presence) arriveLocked(m *member) {
	p.joinedLocked(m)
	p.room.swapLocked(m.index, p.room.announced)
	p.room.announced++
}

// announceWaiting announces the silent members that have stayed for announceDelay.
func (p *presence) announceWaiting() {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if p.announceTimer == nil || p.room.closed { // stopped meanwhile, or all leave
		return
	}
	next := time.Duration(-1) // until the next of them is announced
	for i := p.room.announced; i < len(p.room.members); i++ {
		m := p.room.members[i]
		wait := announceDelay - time.Since(m.entered)
		if wait <= 0 {
			p.announceLocked(m)
		} else if next < 0 || wait < next {
			next = wait
		}
	}
	if next < 0 {
		p.announceTimer = nil
		return
	}
	p.announceTimer.Reset(max(next, announceInterval))
}
