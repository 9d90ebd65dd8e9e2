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
const mostUnasked = 1000

var (
	errUnread  = errors.New("gone, and what it had sent took too long to read")
	errUnasked = errors.New("gone, and what it had sent asked for nothing")
)

// fail ends the writing for good. m ends with its input, or after the time for that; at once if
// the peer is there and takes nothing, or m's Conn is at fault.
func (m *member) fail(err error) {
	defer m.rest()
	if m.broken != nil {
		return
	}
	m.give(err)
	switch {
	case m.ended:
	case errors.Is(err, ErrSlow), errors.Is(err, ErrFault):
		m.wg.Go(func() { m.hangUp(err) })
	default:
		m.readOn = time.AfterFunc(m.hub.readOn, func() { m.hangUp(errUnread) })
	}
}

// chargeGone returns what a line costs m, which can't be written to: a line that asks for
// nothing gets no answer, and costs little. It returns an error if there are too many of them.
func (m *member) chargeGone(asks bool, cost wire.Cost) (wire.Cost, error) {
	if asks {
		m.unasked = 0
		return cost, nil
	}
	if m.unasked++; m.unasked > mostUnasked {
		return cost, errUnasked
	}
	return wire.Idle, nil
}
