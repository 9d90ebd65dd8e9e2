package hub

import (
	"time"

	"partyline/hub/directory"
	"partyline/hub/wire"
)

// A client that sends nothing may be a load balancer or a port scanner, which connects every few
// seconds and disconnects at once. So a silent member is announced to the others with its first
// request, or after a delay. Until then it gets the events of the room, but no other member sees it,
// and it is not counted.

const (
	// announceDelay is the time after which a silent member that uses text is announced.
	announceDelay = time.Second
	// announceDelayJSON is that time in JSON. The client may be about to resume over a slow network,
	// and then it is no new member.
	announceDelayJSON = 10 * time.Second
	// announceInterval is the least time between two checks of the silent members.
	announceInterval = 50 * time.Millisecond
)

// announce announces m, unless that has happened. The caller holds m's turn.
func (p *presence) announce(m *member) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !m.announced && !m.replaced.Load() {
		p.announceLocked(m)
	}
}

// announceLocked announces m to the other members and logs it. The log must not block.
func (p *presence) announceLocked(m *member) {
	p.logJoin(m)
	p.joinLocked(m)
}

// joinLocked sends the other members the join of m, unless m comes from another server, and lists m.
func (p *presence) joinLocked(m *member) {
	if !p.room.takeOverLocked(m) {
		p.sendJoinLocked(m)
	}
	p.listLocked(m)
	p.room.publishLocked(directory.Joined, m, "")
}

// listLocked counts m and makes the other members see it.
func (p *presence) listLocked(m *member) {
	m.announced = true
	if p.room.hub.opt.Directory != nil {
		m.publishedAs, _ = p.room.hub.nicks.idOf(m)
	}
	p.room.swapLocked(m.index, p.room.announced)
	p.room.announced++
}

func (p *presence) logJoin(m *member) {
	p.room.hub.opt.Log.Info("member joined", "nick", m.nick, "transport", m.via, "addr", m.addr, "room", p.room.name)
}

// announceDelay returns how long m may be silent before it is announced.
func (m *member) announceDelay() time.Duration {
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	if m.out.format == wire.JSON {
		return announceDelayJSON
	}
	return announceDelay
}

// announceWaiting announces the silent members that have stayed for their announceDelay.
func (p *presence) announceWaiting() {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if p.announceTimer == nil || p.room.closed { // stopped in the meantime, or all members leave
		return
	}
	next := time.Duration(-1) // until the next one is due; -1 if there is none
	for i := p.room.announced; i < len(p.room.members); i++ {
		m := p.room.members[i]
		if m.replaced.Load() {
			continue
		}
		wait := m.announceDelay() - time.Since(m.entered)
		if wait <= 0 && m.out.isLeaving() {
			wait = announceInterval // it changes its format; in the other stream it would get its own join
		}
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
	next = min(next, announceDelay) // a member that enters later may be due earlier
	p.announceTimer.Reset(max(next, announceInterval))
}
