package hub

import (
	"slices"

	"partyline/hub/wire"
)

// A queue holds the frames for one member alone, in order. Each has a position in the
// member's stream: the member reads the stream up to there before it gets the frames.
type queue struct {
	parts []part // none is empty, and their positions do not decrease
}

// A part is frames with the same position.
type part struct {
	at     int64
	frames []byte
}

func (q *queue) empty() bool { return len(q.parts) == 0 }

// size returns the number of bytes in q.
func (q *queue) size() int {
	n := 0
	for _, p := range q.parts {
		n += len(p.frames)
	}
	return n
}

// put appends an event at a position, or at that of the last part if that is later.
func (q *queue) put(codec Codec, e wire.Event, at int64) {
	if n := len(q.parts); n > 0 && q.parts[n-1].at >= at {
		last := &q.parts[n-1]
		last.frames = codec.Append(last.frames, e)
		return
	}
	if frames := codec.Append(nil, e); len(frames) > 0 {
		q.parts = append(q.parts, part{at, frames})
	}
}

// advance removes the first n bytes, which are in the first part.
func (q *queue) advance(n int) {
	first := &q.parts[0]
	if first.frames = first.frames[n:]; len(first.frames) > 0 {
		return
	}
	if q.parts = q.parts[1:]; len(q.parts) == 0 {
		q.parts = nil // an idle member holds no memory
	}
}

// unpin sets all positions to 0: the frames no longer wait for the stream.
func (q *queue) unpin() {
	if q.empty() {
		return
	}
	first := &q.parts[0]
	first.at = 0
	for _, p := range q.parts[1:] {
		first.frames = append(first.frames, p.frames...)
	}
	clear(q.parts[1:])
	q.parts = q.parts[:1]
}

// cutAfter removes the parts after a position, and returns them.
func (q *queue) cutAfter(at int64) (later []part) {
	for i, p := range q.parts {
		if p.at > at {
			later = slices.Clone(q.parts[i:])
			clear(q.parts[i:])
			q.parts = q.parts[:i]
			break
		}
	}
	return later
}

func (q *queue) clear() { q.parts = nil }
