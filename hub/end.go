package hub

import (
	"errors"
	"math/rand/v2"
	"time"

	"partyline/hub/wire"
)

// end ends the member, unless that has happened. It returns when the connection is closed. Any
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
	if s.hangUpTimer != nil {
		s.hangUpTimer.Stop()
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

// leave takes the member out of its room, writes what is pending and a goodbye, and closes the
// connection. Only end calls it.
func (s *session) leave(why error) {
	if s.room == nil { // it ended before it entered a room
		s.hub.nicks.release(&s.member, "")
	} else {
		s.leaveRoom(s.leaveText)
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
	case errors.Is(why, ErrResumed):
		return &wire.Bye{Reason: "resumed", Text: "you are here over another connection"}
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

// A client may send lines and close its connection without reading anything. So a member that
// can't be written to is still read to the end of its input, within its rate limit and within
// these bounds: Options.HangUpTimeout and maxIdleLines.

// maxIdleLines bounds the consecutive lines and frames that ask for nothing or are refused: a
// flood of pings, or of binary data, is not read to its end.
const maxIdleLines = 1000

var (
	errHangUpTimeout = errors.New("disconnected, and its remaining input took too long")
	errIdle          = errors.New("disconnected, and its remaining input asked for nothing")
)

// failLocked handles a write error: nothing more is written. The member ends at the end of its
// input, or after Options.HangUpTimeout. It ends at once if the peer accepted nothing within the
// write timeout, or if the Conn panicked.
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
		s.hangUpTimer = time.AfterFunc(s.hub.opt.HangUpTimeout, func() { s.end(errHangUpTimeout) })
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
// line is cheap, since it gets no answer. Too many consecutive ones are an error.
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
