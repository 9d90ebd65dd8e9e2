package hub

import (
	"time"

	"partyline/hub/clean"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// handlers performs the requests, by the verbs of hub/wire. An error that is a *wire.Refusal is
// sent to the member; any other error ends it.
var handlers = map[wire.Verb]func(*session, *wire.Request) error{
	wire.VerbSay:      handleSay,
	wire.VerbMe:       handleSay,
	wire.VerbMsg:      handleMsg,
	wire.VerbNick:     handleNick,
	wire.VerbJoin:     handleJoin,
	wire.VerbWho:      handleWho,
	wire.VerbRooms:    handleRooms,
	wire.VerbHistory:  handleHistory,
	wire.VerbSince:    handleSince,
	wire.VerbSearch:   handleSearch,
	wire.VerbFormat:   handleFormat,
	wire.VerbVerbatim: handleVerbatim,
	wire.VerbHelp:     handleHelp,
	wire.VerbResume:   handleResume,
	wire.VerbQuit:     handleQuit,
}

// dispatch calls the handler of a request. Requests other than messages wait until the member's
// messages are committed.
func (s *session) dispatch(q *wire.Request) error {
	if q.Verb != wire.VerbSay && q.Verb != wire.VerbMe {
		s.sweep() // sends the messages before the request
		if s.mustAwait {
			if !s.awaitCommits() {
				return ErrShutdown
			}
			s.mustAwait = false
		}
	}
	return handlers[q.Verb](s, q)
}

// acknowledge sends an ack for a request that has a ref.
func (s *session) acknowledge(q *wire.Request) {
	if q.Ref != "" {
		s.reply(&wire.Ack{Ref: q.Ref})
	}
}

func handleMsg(s *session, q *wire.Request) error {
	to, nick := s.hub.nicks.find(q.Name)
	if to == nil {
		if ok, err := s.sendElsewhere(q); ok {
			return err
		}
		return &wire.Refusal{Code: wire.CodeNoSuchNick, Message: "nobody here is called " + clean.Quote(q.Name, clean.QuoteMax)}
	}
	from, err := s.speaker()
	if err != nil {
		return err
	}
	p := wire.Private{At: time.Now(), From: from, To: nick, Text: q.Text}
	if !to.out.offer(&s.member, &p) {
		return tooFarBehind(nick)
	}
	p.Sent = true
	s.reply(&p)
	s.acknowledge(q)
	return nil
}

func tooFarBehind(nick string) *wire.Refusal {
	return &wire.Refusal{Code: wire.CodeUnavailable, Message: nick + " is too far behind to get it: try again in a moment"}
}

func handleNick(s *session, q *wire.Request) error {
	nick, bad := nickName(q.Name)
	if bad != nil {
		return bad
	}
	if bad := s.hub.rename(&s.member, nick); bad != nil {
		return bad
	}
	s.acknowledge(q)
	return nil
}

func handleJoin(s *session, q *wire.Request) error {
	name, bad := roomName(q.Name)
	if bad != nil {
		return bad
	}
	if name == s.room.name { // the member is in it
		s.resendWelcome(q)
		return nil
	}
	next, bad := s.hub.open(s, name)
	if bad != nil {
		return bad
	}
	s.leaveRoom("")
	s.enter(next, entry{ref: q.Ref}, -1)
	return nil
}

// resendWelcome sends the welcome of the member's room again, after the present events.
func (s *session) resendWelcome(q *wire.Request) {
	r := s.room
	r.mu.Lock()
	s.out.mu.Lock()
	end := s.out.cursor.stream.endLocked()
	s.out.appendAtLocked(end.position(), r.welcomeLocked(&s.member, s.out.format, q.Ref))
	s.out.appendAtLocked(end.position(), r.noticesLocked()...)
	s.out.mu.Unlock()
	r.mu.Unlock()
	s.out.flush()
	s.awaitQueue()
}

func handleFormat(s *session, q *wire.Request) error {
	format := q.Format
	if s.out.codecs[format] == nil || s.out.codecs[s.out.format] == nil || s.out.codecs[1-s.out.format] == nil {
		return wire.BadRequest("the format stands: the connection's subprotocol chose it")
	}
	switch {
	case format != s.out.format:
		s.room.setFormat(&s.member, format, q.Ref)
		s.out.release()
		if c, ok := s.conn.(FormatSetter); ok {
			c.SetFormat(format)
		}
	case format == wire.JSON:
		s.resendWelcome(q)
	}
	return nil
}

func handleWho(s *session, q *wire.Request) error {
	r := s.room
	r.mu.Lock()
	answer := &wire.WhoAnswer{Ref: q.Ref, Occupants: r.occupantsLocked(&s.member, maxListed), Count: r.countForLocked(&s.member)}
	r.mu.Unlock()
	s.reply(answer)
	return nil
}

func handleRooms(s *session, q *wire.Request) error {
	s.reply(s.roomsAnswer(q))
	return nil
}

// roomsAnswer lists as many rooms as fit into an answer. The counts are up to roomListAge old,
// except that of the member's own room.
func (s *session) roomsAnswer(q *wire.Request) *wire.RoomsAnswer {
	const longest = len(`{"room":"","count":100000},`) + names.MaxRoom
	own := wire.RoomCount{Room: s.room.name, Count: s.room.count()}
	rooms, total := withRoom(s.hub.roomCounts(), own, wire.MaxAnswer/longest)
	return &wire.RoomsAnswer{Ref: q.Ref, Rooms: rooms, Others: total - len(rooms)}
}

func handleVerbatim(s *session, _ *wire.Request) error {
	s.verbatim = true
	s.reply(&wire.Answer{Lines: []string{"every line that follows is said as it is, commands too: end your input to leave"}})
	return nil
}

func handleHelp(s *session, _ *wire.Request) error {
	s.reply(&wire.Answer{Lines: wire.HelpLines()})
	return nil
}

func handleQuit(s *session, q *wire.Request) error {
	s.leaveText = q.Text
	s.acknowledge(q)
	return ErrQuit
}
