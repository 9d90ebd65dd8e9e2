package hub

import (
	"errors"
	"time"

	"partyline/hub/wire"
)

// A client may send something and close without reading anything. So a member that can't be
// written to is still read, at its pace, to the end of what it has sent, within bounds.

// mostUnasked is how many lines and frames in a row may ask for nothing: a flood of pings, or
// of binary data, is not read to its end.
const maxIdleLines = 1000

var (
	errReadTimeout = errors.New("gone, and what it had sent took too long to read")
	errIdle        = errors.New("gone, and what it had sent asked for nothing")
)

// fail ends the writing for good. m ends with its input, or after the time for that; at once if
// the peer is there and takes nothing, or m's Conn is at fault.
func (o *outbox) failLocked(err error) {
	defer o.stopWritingLocked()
	if o.writeErr != nil {
		return
	}
	o.discardLocked(err)
	switch {
	case o.member.session.ended:
	case errors.Is(err, ErrSlow), errors.Is(err, ErrFault):
		o.member.wg.Go(func() { o.member.session.end(err) })
	default:
		o.member.session.readOn = time.AfterFunc(o.member.hub.readOn, func() { o.member.session.end(errReadTimeout) })
	}
}

// chargeGone returns what a line costs m, which can't be written to: a line that asks for
// nothing gets no answer, and costs little. It returns an error if there are too many of them.
func (s *session) chargeDisconnected(asks bool, cost wire.Cost) (wire.Cost, error) {
	if asks {
		s.idleLines = 0
		return cost, nil
	}
	if s.idleLines++; s.idleLines > maxIdleLines {
		return cost, errIdle
	}
	return wire.Idle, nil
}
