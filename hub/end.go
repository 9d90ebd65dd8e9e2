package hub

import (
	"errors"
	"math/rand/v2"
	"time"

	"partyline/hub/wire"
)

// end ends the member, unless it has ended. It returns when the connection is closed. Any
// goroutine may call it.
func (s *session) end(why error) {
	s.takeTurn()
	defer s.endTurn()
	if s.endErr != nil {
		return
	}
	s.endErr = why
	s.out.mu.Lock()
	s.ended = true
	if s.readOn != nil {
		s.readOn.Stop()
	}
	s.out.wakeLocked() // the session may be in pause
	s.out.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			s.logPanic(p)
		}
	}()
	s.leave(why)
}

// leave takes the member out of its room, writes what is pending and a goodbye, and closes
// the connection.
func (s *session) leave(why error) {
	if r := s.room; r == nil { // it connected while the hub shut down
		s.hub.nicks.release(&s.member)
	} else {
		s.hub.leave(&s.member, s.leaveText)
		r.switchStream(&s.member, cursor{}, func() {})
		if bye := goodbye(why); bye != nil {
			s.out.enqueue(bye)
		}
		s.out.drain()
	}
	s.out.mu.Lock()
	if s.out.writeErr == nil {
		s.out.discardLocked(why)
	}
	s.out.mu.Unlock()
	if err := s.conn.Close(why); err != nil {
		s.hub.opt.Log.Debug("close failed", "transport", s.via, "addr", s.addr, "err", err)
	}
	s.out.waitUntil(func() bool { return !s.out.writing })
}

// goodbye returns the last event that a member gets, or nil.
func goodbye(why error) wire.Event {
	switch {
	case errors.Is(why, ErrQuit):
		return &wire.Bye{Reason: "quit", Text: "you left"}
	case errors.Is(why, ErrShutdown):
		return &wire.Bye{
			Reason: "shutdown", Text: "the server is restarting, come back in a moment",
			Reconnect: true, AfterMS: 500 + rand.Int64N(2000),
		}
	case errors.Is(why, ErrFault):
		return &wire.Bye{Reason: "fault", Text: "the server made a mistake", Reconnect: true, AfterMS: 1000}
	}
	return nil
}

// A client may send something and close without reading anything. So a member that can't be
// written to is still read, at its pace, to the end of what it has sent, within bounds.

// maxIdleLines is the largest number of lines and frames in a row that may ask for nothing: a
// flood of pings, or of binary data, is not read to its end.
const maxIdleLines = 1000

var (
	errReadTimeout = errors.New("disconnected, and reading what it had sent took too long")
	errIdle        = errors.New("disconnected, and what it had sent asked for nothing")
)

// failLocked ends the writing for good. The member ends with its input, or after the time for
// that. It ends at once if the peer takes nothing, or the Conn is at fault.
func (o *outbox) failLocked(err error) {
	defer o.stopWritingLocked()
	if o.writeErr != nil {
		return
	}
	o.discardLocked(err)
	s := o.member.session
	switch {
	case s.ended:
	case errors.Is(err, ErrSlow), errors.Is(err, ErrFault):
		s.wg.Go(func() { s.end(err) })
	default:
		s.readOn = time.AfterFunc(s.hub.opt.ReadOn, func() { s.end(errReadTimeout) })
	}
}

// cut closes the connection at once. The session ends when it notices.
func (o *outbox) cut(why error) {
	o.mu.Lock()
	o.discardLocked(why)
	o.mu.Unlock()
	o.member.conn.Close(why)
}

// chargeDisconnected returns the cost of a line of a member that can't be written to. An idle
// line is cheap, since it gets no answer, but too many in a row are an error.
func (s *session) chargeDisconnected(cost wire.Cost, idle bool) (wire.Cost, error) {
	if !idle {
		s.idleLines = 0
		return cost, nil
	}
	if s.idleLines++; s.idleLines > maxIdleLines {
		return cost, errIdle
	}
	return wire.Idle, nil
}
