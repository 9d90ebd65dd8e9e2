package client

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"partyline/hub/wire"
)

// lastHoldDelay is the longest delay before a message is sent again that the server could not take.
const lastHoldDelay = 5 * time.Second

// A hold keeps messages in their order while the server can't take them: it refuses them with unavailable, and
// none of them was said. Then only the first one is sent, again and again, until the server takes it. Whatever
// changes the name or the room waits with the messages.
type hold struct {
	since    time.Time // of the first refusal since a message was taken; zero if nothing is held
	until    time.Time // of the next attempt
	attempts int
}

func (h *hold) holding() bool { return !h.since.IsZero() }

// holdLocked handles a refusal. It reports whether the client keeps the message, because the server can't take it
// for now. After one or more such refusals, the caller calls heldLocked.
func (s *session) holdLocked(bad *Error) bool {
	r := s.outbox.find(bad.Key)
	if bad.Code != wire.CodeUnavailable || r == nil || r.kind != message {
		return false
	}
	if !r.sent { // it is held already
		return true
	}
	h := &s.outbox.hold
	if h.holding() && s.opts.Patience > 0 && time.Since(h.since) >= s.opts.Patience {
		h.until = time.Now() // the others fail, too, unless the server takes one now
		return false
	}
	r.sent = false
	s.pulse.answered(r)
	return true
}

// heldLocked schedules the next attempt to send what is held, after a refusal of the server; if bad is nil there
// was none. The error ends the link: messages that were sent after this one must not be said before it, and by a
// resume the server drops what it has not read from the last link.
func (s *session) heldLocked(bad *Error) error {
	if bad == nil {
		return nil
	}
	h, now := &s.outbox.hold, time.Now()
	first := !h.holding()
	if first {
		h.since = now
	}
	delay := cmp.Or(s.opts.delay, backoff(h.attempts, lastHoldDelay))
	h.attempts++
	h.until = now.Add(delay)
	time.AfterFunc(delay, s.wakeWriter)
	if s.outbox.inFlight() {
		return bad
	}
	if first {
		s.arriveLocked(bad)
	}
	return nil
}

// Held returns why the server can't take a message for now, if e says that the client keeps one and sends it again. It
// is nil for other events.
func Held(e Event) *Error {
	var why *Error
	switch e := e.(type) {
	case *Error:
		why = e
	case *Disconnected:
		errors.As(e.Err, &why)
	}
	if why == nil || why.Code != wire.CodeUnavailable || why.Key == "" {
		return nil
	}
	return why
}

// backoff returns the delay before another attempt. It doubles with each attempt up to last, and a random part is
// taken off.
func backoff(attempt int, last time.Duration) time.Duration {
	delay := min(firstDelay<<min(attempt, 20), last)
	return delay/2 + rand.N(delay/2)
}

// inFlight reports whether a request that must not overtake a message was sent and has no answer.
func (o *outbox) inFlight() bool {
	return slices.ContainsFunc(o.requests, func(r *request) bool { return r.waits() && r.sent })
}

// heldAttempt returns the index of the first request that is held, if it is time to send it.
func (o *outbox) heldAttempt() (index int, ok bool) {
	if !o.hold.holding() || time.Now().Before(o.hold.until) {
		return 0, false
	}
	index = slices.IndexFunc(o.requests, (*request).waits)
	return index, index >= 0 && !o.requests[index].sent
}

// settleLocked notes that a request was answered, and releases what is held if the server has taken a message, or if
// nothing is held any more.
func (s *session) settleLocked(r *request, taken bool) {
	if !s.outbox.hold.holding() {
		return
	}
	if r.kind == message && taken || !slices.ContainsFunc(s.outbox.requests, (*request).waits) {
		s.outbox.hold = hold{}
		s.outbox.passed = 0
	}
	s.wakeWriter()
}
