package hub

import (
	"time"

	"partyline/hub/clean"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// do does what m asks for. A *Refusal is for m to read; any other error ends m.
func (s *session) dispatch(q *wire.Request) error {
	if q.Verb == wire.VerbSay || q.Verb == wire.VerbMe {
		return s.say(q)
	}
	s.sweep() // what it said comes before what it asks for
	if s.awaitsOwn {
		if !s.awaitCommits() {
			return ErrShutdown
		}
		s.awaitsOwn = false
	}
	switch q.Verb {
	case wire.VerbMsg:
		return s.sendPrivate(q)
	case wire.VerbNick:
		return s.rename(q)
	case wire.VerbJoin:
		return s.join(q)
	case wire.VerbFormat:
		return s.setFormat(q)
	case wire.VerbHistory:
		return s.history(q)
	case wire.VerbSince:
		return s.since(q)
	case wire.VerbSearch:
		return s.search(q)
	case wire.VerbWho:
		s.reply(s.who(q))
	case wire.VerbRooms:
		s.reply(s.roomsAnswer(q))
	case wire.VerbVerbatim:
		s.verbatim = true
		s.reply(&wire.Answer{Lines: []string{"every line that follows is said as it is, commands too: end your input to leave"}})
	case wire.VerbHelp:
		s.reply(&wire.Answer{Lines: wire.HelpLines()})
	case wire.VerbQuit:
		s.leaveText = q.Text
		s.acknowledge(q)
		return ErrQuit
	}
	return nil
}

// acknowledge answers a request that was done and that bears a ref.
func (s *session) acknowledge(q *wire.Request) {
	if q.Ref != "" {
		s.reply(&wire.Ack{Ref: q.Ref})
	}
}

func (s *session) sendPrivate(q *wire.Request) error {
	to, nick := s.hub.nicks.find(q.Name)
	if to == nil {
		return &wire.Refusal{Code: wire.CodeNoSuchNick, Message: "nobody here is called " + clean.Quote(q.Name, clean.QuoteMax)}
	}
	p := wire.Private{At: time.Now(), From: s.nick, To: nick, Text: q.Text}
	if !to.out.offer(&s.member, &p) {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: nick + " is too far behind to get it: try again in a moment"}
	}
	p.Sent = true
	s.reply(&p)
	s.acknowledge(q)
	return nil
}

func (s *session) rename(q *wire.Request) error {
	nick, bad := nickName(q.Name)
	if bad != nil {
		return bad
	}
	if !s.room.rename(&s.member, nick) {
		return taken(nick)
	}
	s.awaitsOwn = true // the room is told
	s.acknowledge(q)
	return nil
}

func (s *session) join(q *wire.Request) error {
	name, bad := roomName(q.Name)
	if bad != nil {
		return bad
	}
	r := s.room
	if name == r.name { // nobody comes or goes
		s.resendWelcome(q)
		return nil
	}
	next, bad := s.hub.open(&s.member, name)
	if bad != nil {
		return bad
	}
	s.hub.leave(&s.member, "")
	r.finishParting(&s.member, cursor{}, func() {})
	s.enter(next, q.Ref, -1, nil)
	return nil
}

// welcomeAgain tells m what it finds in the room that it is in, at the place in the stream
// that this holds for.
func (s *session) resendWelcome(q *wire.Request) {
	r := s.room
	r.mu.Lock()
	s.out.mu.Lock()
	end := s.out.cursor.stream.end()
	s.out.appendAtLocked(end.position(), r.welcomeLocked(&s.member, s.out.format, q.Ref))
	s.out.appendAtLocked(end.position(), r.stateLocked()...)
	s.out.mu.Unlock()
	r.mu.Unlock()
	s.out.flush()
	s.awaitQueue()
}

func (s *session) setFormat(q *wire.Request) error {
	format := q.Format
	if s.out.codecs[format] == nil || s.out.codecs[s.out.format] == nil || s.out.codecs[1-s.out.format] == nil {
		return wire.BadRequest("the format stands: the connection's subprotocol chose it")
	}
	switch {
	case format != s.out.format:
		s.room.setFormat(&s.member, format, q.Ref)
		s.out.free()
		if c, ok := s.conn.(FormatSetter); ok {
			c.SetFormat(format)
		}
	case format == wire.JSON:
		s.resendWelcome(q)
	}
	return nil
}

func (s *session) who(q *wire.Request) *wire.WhoAnswer {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	return &wire.WhoAnswer{Ref: q.Ref, Occupants: r.occupantsLocked(&s.member, maxListed), Count: r.countForLocked(&s.member)}
}

// roomsAnswer lists as many rooms as an answer has place for. The list may be a little old,
// but not where m can see it: in its own room.
func (s *session) roomsAnswer(q *wire.Request) *wire.RoomsAnswer {
	const longest = len(`{"room":"","count":100000},`) + names.MaxRoom
	all := s.hub.roomCounts()
	rooms, total := withRoom(all, wire.RoomCount{Room: s.room.name, Count: s.room.count()}, wire.MaxAnswer/longest)
	return &wire.RoomsAnswer{Ref: q.Ref, Rooms: rooms, Others: total - len(rooms)}
}
