package client

import "slices"

// maxEvents is how many events wait for Next. When there are more, the client reads no further, so that
// the server slows down or sends a gap; but see thin.
const maxEvents = 10_000

// A queue holds the events that wait for Next.
type queue struct {
	events []Event // from first on
	first  int
	last   int64 // the id of the newest message that was taken from the queue
}

func (q *queue) len() int { return len(q.events) - q.first }

func (q *queue) push(e Event) { q.events = append(q.events, e) }

// deliver is push, but a second Disconnected in a row replaces the first: a client may be offline for long.
func (q *queue) deliver(e Event) {
	if _, ok := e.(*Disconnected); ok && q.len() > 0 {
		if _, ok := q.events[len(q.events)-1].(*Disconnected); ok {
			q.events[len(q.events)-1] = e
			return
		}
	}
	q.push(e)
}

func (q *queue) pop() Event {
	e := q.events[q.first]
	q.events[q.first] = nil
	if q.first++; q.first == len(q.events) {
		q.events, q.first = q.events[:0], 0
	} else if q.first >= maxEvents {
		q.events = slices.Delete(q.events, 0, q.first)
		q.first = 0
	}
	q.passed(e)
	return e
}

// passed notes the position in the room after an event.
func (q *queue) passed(e Event) {
	switch e := e.(type) {
	case *Message:
		q.last = e.ID
	case *Welcome:
		q.last = e.Last
	}
}

// thin replaces the messages and the presence in the older half of the queue by gaps. It is needed when
// the program waits for an answer while the queue is full: the answer may come after more events, and
// the program may be the one that calls Next.
func (q *queue) thin() {
	waiting := slices.Clone(q.events[q.first:])
	older, newer := waiting[:len(waiting)/2], waiting[len(waiting)/2:]
	kept := make([]Event, 0, len(waiting))
	var gap *Gap // what is missing after the last event in kept; nil for nothing
	last := q.last
	miss := func(after, n int64) {
		if gap == nil {
			gap = &Gap{After: after}
		}
		gap.Missed = addMissed(gap.Missed, n)
	}
	for _, e := range older {
		switch e := e.(type) {
		case *Message:
			miss(e.ID-1, 1)
			last = e.ID
			continue
		case *Joined, *Left, *Renamed, *Presence:
			miss(last, 0)
			continue
		case *Gap:
			miss(e.After, e.Missed)
			gap.Lost = gap.Lost || e.Lost
			continue
		case *Welcome:
			last = e.Last
		}
		if gap != nil {
			kept = append(kept, gap)
			gap = nil
		}
		kept = append(kept, e)
	}
	if gap != nil {
		if m, ok := newer[0].(*Message); ok {
			gap.Before = m.ID
		}
		kept = append(kept, gap)
	}
	q.events, q.first = append(kept, newer...), 0
}

// addMissed adds two numbers of missed messages, of which -1 means that it is not known.
func addMissed(a, b int64) int64 {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}
