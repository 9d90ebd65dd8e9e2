package hub

import (
	"partyline/hub/names"
	"partyline/hub/wire"
)

// start gives the member its name and its first room, and sends it a refusal for each part of
// caller that is invalid.
func (s *session) start(caller *Caller) {
	defer func() {
		if p := recover(); p != nil {
			s.logPanic(p)
			s.end(ErrFault)
		}
	}()
	s.takeTurn()
	defer s.endTurn()
	if s.endErr != nil {
		return
	}
	s.hub.nicks.introduce(&s.member)
	var refused []wire.Event
	if bad := s.takeName(caller.Nick); bad != nil {
		refused = append(refused, bad)
	}
	r, bad := s.openFirst(caller.Room)
	if bad != nil {
		refused = append(refused, bad)
	}
	since := int64(-1)
	if caller.Since != "" {
		if since = wire.ParseNumber(caller.Since); since < 0 {
			refused = append(refused, wire.BadRequest("since is not an id"))
		}
	}
	s.silent = caller.Nick == "" && caller.Room == "" && caller.Since == ""
	s.enter(r, entry{refused: refused}, since)
}

// takeName gives the member, which is in no room, the requested name, or else a guest's,
// unless it has a name.
func (s *session) takeName(requested string) *wire.Refusal {
	var bad *wire.Refusal
	if requested != "" {
		var nick string
		if nick, bad = nickName(requested); bad == nil {
			var drop func()
			if drop, bad = s.hub.renameOthers(&s.member, nick); bad == nil {
				drop()
				return nil
			}
		}
	}
	s.takeGuestName()
	return bad
}

// takeGuestName gives the member, which is in no room, a guest's name, unless it has a name.
func (s *session) takeGuestName() {
	for !s.hub.takeFirst(&s.member, names.Guest()) {
	}
}

// openFirst opens the requested room, or else the lobby.
func (s *session) openFirst(requested string) (*room, *wire.Refusal) {
	r, bad := s.openNamed(requested)
	if r == nil {
		r, _ = s.hub.open(s, lobby) // the lobby has no limit
	}
	return r, bad
}

// openNamed opens the requested room. It returns nil, nil if none is requested.
func (s *session) openNamed(requested string) (*room, *wire.Refusal) {
	if requested == "" {
		return nil, nil
	}
	name, bad := roomName(requested)
	if bad != nil {
		return nil, bad
	}
	return s.hub.open(s, name)
}

// leaveRoom takes the member out of its room, and waits until it has got the events before that. text
// is the argument of a quit.
func (s *session) leaveRoom(text string) {
	r := s.room
	s.hub.leave(&s.member, text)
	r.switchStream(&s.member, cursor{}, func() {})
}

// enter moves the member into a room. The member gets the welcome, the refusals, the replay, and
// then the live events.
func (s *session) enter(r *room, how entry, since int64) {
	unreached := r.reach(since)
	welcome, displaced := s.hub.enter(&s.member, r, how)
	s.out.flush() // reading history may take time
	var bad *wire.Refusal
	switch {
	case unreached != nil:
		s.out.enqueue(&wire.Gap{After: since, Missed: -1})
		bad = unreadable()
	case since >= 0:
		_, bad = s.replaySince(r, since, welcome.Last)
	case s.out.format == wire.Text && s.hub.opt.Replay > 0:
		_, bad = s.replayLast(r, welcome.Last, s.hub.opt.Replay)
	}
	if bad != nil {
		s.out.enqueue(bad)
	}
	s.out.release()
	awaitReplaced(displaced)
}
