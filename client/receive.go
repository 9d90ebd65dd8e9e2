package client

import (
	"slices"

	"partyline/hub/wire"
)

// A catchUp brings the messages that the client has missed, over a new link, before the live events.
type catchUp struct {
	upTo int64  // the newest id when the link was new: live messages have greater ones
	gaps []*Gap // between the messages of the next page
	held queue  // live events
}

// pageSize is how many messages a page may have.
const pageSize = 500

// maxAfterMS is the longest time in milliseconds for which a server can keep a client away.
const maxAfterMS = 60_000

// askSinceLocked asks for the messages after the newest one that the client has.
func (s *session) askSinceLocked() {
	s.urgeLocked(func(ref string) any { return sinceRequest{"since", s.last, pageSize, ref} }, s.receivePage)
}

// receivePage delivers a page of missed messages, and after the last page the live events since.
func (s *session) receivePage(o *object, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.catchUp
	if u == nil { // the link broke
		return
	}
	if err != nil { // the server can't read its history
		s.catchUp = nil
		s.deliverLocked(&Gap{After: s.last, Missed: -1})
		s.last = u.upTo
	} else {
		before := s.last
		for _, m := range o.messages() {
			for len(u.gaps) > 0 && u.gaps[0].After < m.ID {
				s.deliverLocked(u.gaps[0])
				u.gaps = u.gaps[1:]
			}
			s.deliverLocked(m)
		}
		if o.More && s.last > before {
			s.askSinceLocked()
			return
		}
		for _, g := range u.gaps {
			s.deliverLocked(g)
		}
		s.catchUp = nil
	}
	for u.held.len() > 0 {
		s.deliverLocked(u.held.pop())
	}
	s.changed.Broadcast() // Flush may wait
}

// receive handles events and answers. The error ends the link.
func (s *session) receive(objects []object) error {
	for len(objects) > 0 {
		answers, n, err := s.receiveSome(objects)
		for _, a := range answers {
			a.request.answer(a.object, a.id, a.err)
		}
		if len(answers) > 0 {
			s.passedOn()
		}
		clear(answers)
		if err != nil {
			return err
		}
		objects = objects[n:]
	}
	return nil
}

// An answered is a request with its answer.
type answered struct {
	request *request
	object  *object
	id      int64 // of the message
	err     error // if the server refuses the request
}

// receiveSome handles objects up to the first answer that may change how the next one is to be handled. It returns
// the answers, which are to be passed on without the lock, and the number of objects.
func (s *session) receiveSome(objects []object) (answers []answered, n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answers = s.answers[:0]
	defer func() { s.passing = len(answers) > 0 }()
	for i := range objects {
		o := &objects[i]
		if o.Type == "ack" && o.IDs != nil {
			n++
			if answers, err = s.answerTextsLocked(o, answers); err != nil {
				return answers, n, err
			}
			continue
		}
		r, err := s.receiveLocked(o)
		if r != nil {
			answers = append(answers, answered{r, o, o.ID, o.failure()})
		}
		n++
		if err != nil || r != nil && r.posted == nil {
			return answers, n, err
		}
	}
	s.answers = answers
	return answers, n, nil
}

// passedOn notes that the answers of receiveSome were passed on.
func (s *session) passedOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passing = false
	if s.outbox.len() == 0 {
		s.changed.Broadcast() // Flush may wait
	}
}

// receiveLocked handles an object. It returns the request that the object answers, or nil.
func (s *session) receiveLocked(o *object) (r *request, err error) {
	switch o.Type {
	case "message", "action":
		s.arriveLocked(o.message())
	case "gap":
		s.receiveGapLocked(o.gap())
	case "nick":
		if o.Nick == s.nick {
			s.nick = o.To
			s.identity.rename(o.To)
		}
		s.arriveLocked(&Renamed{At: o.At, Room: o.Room, Nick: o.Nick, To: o.To})
	case "private":
		s.arriveLocked(&Private{At: o.At, From: o.From, To: o.To, Text: o.Text, Sent: o.From == s.nick})
	case "welcome":
		r = s.answerLocked(o)
		s.stopCatchUpLocked()
		s.nick, s.room, s.last = o.Nick, o.Room, o.Last
		s.identity.enter(s, s.room)
		s.deliverLocked(o.welcome())
	case "ack", "who", "rooms", "history", "search":
		return s.answerLocked(o), nil
	case "error", "notice":
		if bad := o.refusal(); o.Type == "error" && s.holdLocked(bad) {
			return nil, s.heldLocked(bad)
		}
		if r = s.answerLocked(o); r == nil {
			s.arriveLocked(o.event())
		}
	case "bye":
		if o.Reason == "resumed" && s.identity.resumedByStray() {
			return nil, &restart{reason: o.Reason}
		}
		return nil, o.farewell()
	default:
		if e := o.event(); e != nil {
			s.arriveLocked(e)
		}
	}
	return r, nil
}

// answerLocked returns the request that an object answers, or nil.
func (s *session) answerLocked(o *object) *request {
	name := o.Key
	if name == "" {
		name = o.Ref
	}
	r := s.outbox.take(name)
	if name == "" && o.Code == wire.CodeLineTooLong {
		r = s.outbox.takeLongest()
	}
	if r == nil {
		return nil
	}
	s.answeredLocked(r, o.Type != "error")
	return r
}

// answeredLocked notes that a request has left the outbox, because it is answered, and whether the server did it.
func (s *session) answeredLocked(r *request, taken bool) {
	s.pulse.answered(r)
	s.settleLocked(r, taken)
	if s.outbox.len() == MaxPending/2 || s.outbox.len() == 0 {
		s.changed.Broadcast() // Post or Flush may wait: Post for room for many, because waking it is expensive
	}
}

// receiveGapLocked handles a gap notice: it belongs to the page that follows while the client catches up,
// to the answer of a request if it is in the past, or to the live events.
func (s *session) receiveGapLocked(g *Gap) {
	switch u := s.catchUp; {
	case u != nil && g.After < u.upTo:
		if !slices.ContainsFunc(u.gaps, func(other *Gap) bool { return other.After == g.After }) {
			u.gaps = append(u.gaps, g)
		}
	case u == nil && g.After < s.last:
	default:
		s.arriveLocked(g)
	}
}

// arriveLocked delivers a live event, or holds it while the client catches up.
func (s *session) arriveLocked(e Event) {
	if s.catchUp == nil {
		s.deliverLocked(e)
		return
	}
	s.catchUp.held.push(e)
	if s.catchUp.held.len() >= maxEvents {
		s.catchUp.held.thin()
	}
}

// deliverLocked appends an event for Next, unless it is a message that the client has. It waits while the
// queue is full.
func (s *session) deliverLocked(e Event) {
	if m, ok := e.(*Message); ok {
		if m.ID <= s.last {
			return
		}
		s.last = m.ID
	}
	for s.events.len() >= maxEvents && !s.leaving {
		if s.waiting > 0 {
			s.events.thin()
			if s.events.len() < maxEvents {
				break
			}
		}
		s.full = true
		s.changed.Wait()
		s.full = false
	}
	s.events.deliver(e)
	s.changed.Broadcast()
}

// stopCatchUpLocked delivers what was held, except for messages: the client has left the room, or they come
// again over the next link.
func (s *session) stopCatchUpLocked() {
	if s.catchUp == nil {
		return
	}
	held := s.catchUp.held
	s.catchUp = nil
	for held.len() > 0 {
		e := held.pop()
		if _, isMessage := e.(*Message); !isMessage {
			s.deliverLocked(e)
		}
	}
}
