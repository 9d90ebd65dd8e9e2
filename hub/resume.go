package hub

import (
	"partyline/hub/directory"
	"partyline/hub/wire"
)

// handleResume gives the member the identity of a token, and moves it into a room. If the token is
// not valid, the member enters with the name that it asks for, like a new one.
func handleResume(s *session, q *wire.Request) error {
	if s.begun {
		return wire.BadRequest("resume is the first request of a connection")
	}
	s.begun = true
	r, badRoom := s.openNamed(q.Room)
	if badRoom != nil && q.Share { // elsewhere the member might replace another one of its identity
		return badRoom
	}
	s.leaveRoom("")
	resumed, crowded := s.hub.nicks.claim(&s.member, q.Token, q.Share)
	how := entry{ref: q.Ref, resumed: resumed}
	refuse := func(bad *wire.Refusal) {
		if bad != nil {
			how.refused = append(how.refused, bad)
		}
	}
	home := ""
	var moved directory.Answer
	if !resumed && !crowded {
		moved, how.resumed = s.resumeElsewhere(q)
	}
	switch {
	case how.resumed && !resumed: // it has its name already
	case resumed:
		var nick string
		nick, home = s.hub.nicks.lastOf(&s.member)
		if !s.hub.takeFirst(&s.member, nick) { // another member took it in the meantime
			refuse(nickTaken(nick))
			s.takeGuestName()
		}
	case crowded:
		refuse(&wire.Refusal{Code: wire.CodeUnavailable, Message: "too many connections have this name"})
		fallthrough
	default:
		refuse(s.takeName(q.Name))
	}
	refuse(badRoom)
	if r == nil {
		var bad *wire.Refusal
		r, bad = s.openFirst(home)
		refuse(bad)
	}
	since := int64(-1)
	if q.HasID {
		since = q.ID
	}
	s.silent = false
	s.enter(r, how, since)
	if moved.Server != "" && !q.Share { // after the join, so that the others learn of neither
		s.hub.opt.Directory.Moved(moved.Server, moved.ID)
	}
	return nil
}
