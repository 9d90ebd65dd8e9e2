package hub

import (
	"slices"

	"partyline/hub/wire"
)

// A queue holds the frames for one member alone, in order. Each has a position in the
// member's stream: the member gets the stream up to that position first.
type queue struct {
	segments []segment // none is empty, and their positions do not decrease
}

// A segment is a run of frames with the same position.
type segment struct {
	at     int64
	frames []byte
}

func (q *queue) empty() bool { return len(q.segments) == 0 }

// size returns the number of bytes in q.
func (q *queue) size() int {
	n := 0
	for _, s := range q.segments {
		n += len(s.frames)
	}
	return n
}

// put appends an event at a position, or at that of the last segment if that is later.
func (q *queue) put(codec Codec, e wire.Event, at int64) {
	if n := len(q.segments); n > 0 && q.segments[n-1].at >= at {
		last := &q.segments[n-1]
		last.frames = codec.Append(last.frames, e)
		return
	}
	if frames := codec.Append(nil, e); len(frames) > 0 {
		q.segments = append(q.segments, segment{at, frames})
	}
}

// advance removes the first n bytes, which are in the first segment.
func (q *queue) advance(n int) {
	first := &q.segments[0]
	if first.frames = first.frames[n:]; len(first.frames) > 0 {
		return
	}
	if q.segments = q.segments[1:]; len(q.segments) == 0 {
		q.segments = nil // an idle member holds no memory
	}
}

// unpin sets all positions to 0: the frames no longer wait for the stream.
func (q *queue) unpin() {
	if q.empty() {
		return
	}
	first := &q.segments[0]
	first.at = 0
	for _, s := range q.segments[1:] {
		first.frames = append(first.frames, s.frames...)
	}
	clear(q.segments[1:])
	q.segments = q.segments[:1]
}

// cutAfter removes the segments after a position, and returns them.
func (q *queue) cutAfter(at int64) (later []segment) {
	for i, s := range q.segments {
		if s.at > at {
			later = slices.Clone(q.segments[i:])
			clear(q.segments[i:])
			q.segments = q.segments[:i]
			break
		}
	}
	return later
}

func (q *queue) clear() { q.segments = nil }
