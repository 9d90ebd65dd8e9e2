package hub

import (
	"slices"

	"partyline/hub/wire"
)

// An outbox holds frames for one member alone, in order, each with a place in the member's
// stream: the member reads the stream up to there before it gets them.
type outbox struct {
	parts []part // at least one byte each; their places do not decrease
}

// A part is frames with the same place.
type part struct {
	at     int64
	frames []byte
}

func (o *outbox) empty() bool { return len(o.parts) == 0 }

// size returns the bytes in o.
func (o *outbox) size() int {
	n := 0
	for _, p := range o.parts {
		n += len(p.frames)
	}
	return n
}

// put adds an event after all that is in o, at a place or at that of what is before it if
// that is later.
func (o *outbox) put(codec Codec, e wire.Event, at int64) {
	if n := len(o.parts); n > 0 && o.parts[n-1].at >= at {
		last := &o.parts[n-1]
		last.frames = codec.Append(last.frames, e)
		return
	}
	if frames := codec.Append(nil, e); len(frames) > 0 {
		o.parts = append(o.parts, part{at, frames})
	}
}

// took takes off the first n bytes, which are of the first part.
func (o *outbox) took(n int) {
	first := &o.parts[0]
	if first.frames = first.frames[n:]; len(first.frames) > 0 {
		return
	}
	if o.parts = o.parts[1:]; len(o.parts) == 0 {
		o.parts = nil // an idle member holds nothing
	}
}

// hurry gives everything in o the place 0: it no longer waits for the stream.
func (o *outbox) hurry() {
	if o.empty() {
		return
	}
	first := &o.parts[0]
	first.at = 0
	for _, p := range o.parts[1:] {
		first.frames = append(first.frames, p.frames...)
	}
	clear(o.parts[1:])
	o.parts = o.parts[:1]
}

// cut takes out of o what has a place after at, and returns that.
func (o *outbox) cut(at int64) (later []part) {
	for i, p := range o.parts {
		if p.at > at {
			later = slices.Clone(o.parts[i:])
			clear(o.parts[i:])
			o.parts = o.parts[:i]
			break
		}
	}
	return later
}

// drop empties o.
func (o *outbox) drop() { o.parts = nil }
