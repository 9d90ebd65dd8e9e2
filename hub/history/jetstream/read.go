package jetstream

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// staleTries is how often a replica that lacks the newest messages is asked again.
const staleTries = 20

var errStale = errors.New("the replicas of the stream lack its newest messages")

// Read implements history.Journal.
func (j *Journal) Read(room string, g history.Range) (history.Page, error) {
	p := j.partition(room)
	if !p.started.Load() {
		return history.Page{}, errNoAnswer
	}
	p.mu.Lock()
	upTo := p.position
	if g.Before > 0 && g.Limit > 0 {
		upTo = min(upTo, g.Before-1)
	}
	r := p.rooms[room]
	if r != nil {
		r.expire(j.opt.Retention, time.Now())
	}
	q := query{Range: g, floor: p.floor, position: p.position}
	if g.Limit == 0 {
		defer p.mu.Unlock()
		if r != nil && g.After < r.gone {
			return history.Page{Gaps: []*wire.Gap{{After: g.After, Missed: -1, Lost: true}}}, nil
		}
		return history.Page{}, nil
	}
	if r != nil {
		if page, ok := r.read(g, upTo); ok {
			p.mu.Unlock()
			return page, nil
		}
	}
	p.mu.Unlock()
	if err := p.locate(room, &q); err != nil {
		return history.Page{}, err
	}
	for range staleTries {
		page, err := p.read(room, &q)
		if !errors.Is(err, errStale) {
			return page, err
		}
		time.Sleep(10 * time.Millisecond) // a replica gets messages a moment after the leader
	}
	return history.Page{}, errStale
}

// A query is a Range with the sequences of its messages: those with after < sequence <= upTo.
type query struct {
	history.Range
	after, upTo     int64
	floor, position int64 // of the partition
}

// locate sets the sequences of a query.
func (p *partition) locate(room string, q *query) (err error) {
	q.upTo = q.position
	if q.After > 0 {
		if q.after, err = p.firstWithID(room, q, q.After+1); err != nil {
			return err
		}
		q.after--
	}
	if q.Before > 0 {
		before, err := p.firstWithID(room, q, q.Before)
		if err != nil {
			return err
		}
		q.upTo = min(q.upTo, before-1)
	}
	return nil
}

// firstWithID returns the least sequence that a message of a room with at least an id may have.
func (p *partition) firstWithID(room string, q *query, id int64) (int64, error) {
	imported := p.imported.Load()
	if id > imported {
		return id, nil
	}
	return p.search(room, q.floor+1, imported+1, func(r received) bool { return r.id >= id })
}

// search returns the sequence of the oldest message of a room with from <= sequence < before for which a condition is true,
// or before if there is none. The condition is true for all newer ones too.
func (p *partition) search(room string, from, before int64, condition func(received) bool) (found int64, err error) {
	found = before
	for before > from {
		middle := from + (before-from)/2
		next, ok, err := p.next(room, middle)
		switch {
		case err != nil:
			return 0, err
		case !ok || next.sequence >= found:
			before = middle
		case condition(next):
			found, before = next.sequence, middle
		default:
			from = next.sequence + 1
		}
	}
	return found, nil
}

const (
	// awaitTimeout bounds the wait of Await.
	awaitTimeout = 5 * time.Second
	// awaitInterval is the time between two looks at the position.
	awaitInterval = 2 * time.Millisecond
)

// Await implements history.Shared. It asks the stream whether it has the id only if this server has not received it.
func (j *Journal) Await(room string, id int64) (bool, error) {
	p := j.partition(room)
	if p.has(id) {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), awaitTimeout)
	defer cancel()
	s, err := j.js.Stream(ctx, p.stream)
	if err != nil {
		return false, err
	}
	if id > int64(s.CachedInfo().State.LastSeq) {
		return false, nil
	}
	tick := time.NewTicker(awaitInterval)
	defer tick.Stop()
	for !p.has(id) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, errBehind
		}
	}
	return true, nil
}

// has reports whether the messages up to an id were committed or heard.
func (p *partition) has(id int64) bool {
	p.commits.Lock()
	defer p.commits.Unlock()
	return p.newest() >= id
}

// read reads a page from the stream.
func (p *partition) read(room string, q *query) (page history.Page, err error) {
	s, err := p.span(room, q.position)
	if err != nil {
		return page, err
	}
	if s.stored == 0 {
		if err := p.checkEnd(room, nil, q.after, q.upTo); err != nil {
			return page, err
		}
	}
	from := max(q.after+1, s.oldest)
	var found []fetched
	if q.Newest {
		if found, page.More, err = p.newestBefore(room, s, from, q.upTo, q.Limit); err != nil {
			return page, err
		}
		page.Messages = p.messages(found)
		return page, nil
	}
	if s.kept > 0 && from <= q.upTo {
		if found, err = p.fetch(room, from, q.Limit+1); err != nil {
			return page, err
		}
		found = cut(found, q.upTo)
		page.More = len(found) > q.Limit
		found = found[:min(len(found), q.Limit)]
	}
	if !page.More {
		if err := p.checkEnd(room, found, from-1, q.upTo); err != nil {
			return page, err
		}
	}
	page.Messages = p.messages(found)
	end := q.upTo + 1
	if len(found) > 0 {
		end = found[0].sequence
	}
	gap := &wire.Gap{After: q.After, Lost: true}
	if len(page.Messages) > 0 {
		gap.Before = page.Messages[0].ID
	}
	if gap.Missed, err = p.missing(room, q, s, end); err == nil && gap.Missed != 0 {
		page.Gaps = []*wire.Gap{gap}
	}
	return page, err
}

// checkEnd returns errStale if the leader has more messages of a room up to a sequence than those found after another one.
func (p *partition) checkEnd(room string, found []fetched, after, upTo int64) error {
	if len(found) > 0 {
		after = found[len(found)-1].sequence
	}
	newer, err := p.hasNewer(room, after, upTo)
	if err == nil && newer {
		err = errStale
	}
	return err
}

// cut cuts what was fetched after a sequence.
func cut(found []fetched, sequence int64) []fetched {
	i, _ := slices.BinarySearchFunc(found, sequence+1, func(f fetched, s int64) int { return cmp.Compare(f.sequence, s) })
	return found[:i]
}

// A span says which messages a room has in the stream.
type span struct {
	first   int64 // the sequence of the oldest one in the stream; 0 if there is none
	firstID int64 // its id
	stored  int   // how many there are
	oldest  int64 // the sequence of the oldest one in history; above all if there is none
	kept    int   // how many are in history
}

// span returns the span of a room at a position.
func (p *partition) span(room string, position int64) (span, error) {
	o := p.journal.opt.Retention
	first, err := p.fetch(room, 1, 1)
	if err != nil || len(first) == 0 {
		return span{oldest: math.MaxInt64}, err
	}
	s := span{first: first[0].sequence, firstID: first[0].id, stored: first[0].after + 1}
	s.oldest, s.kept = s.first, s.stored
	if s.kept > o.Messages {
		s.oldest, s.kept = math.MaxInt64, o.Messages
		if o.Messages > 0 {
			if s.oldest, err = p.seek(room, s, position, o.Messages); err != nil {
				return s, err
			}
		}
	}
	if o.Age > 0 && s.kept > 0 { // the stream may keep messages longer
		old := s.oldest
		s.oldest, err = p.search(room, old, position+1, func(r received) bool { return time.Since(r.at) <= o.Age })
		if err != nil {
			return s, err
		}
		if s.oldest > position {
			s.kept = 0
		} else if s.oldest > old {
			young, err := p.fetch(room, s.oldest, 1)
			if err != nil || len(young) == 0 {
				return s, cmp.Or(err, errStale)
			}
			s.kept = young[0].after + 1
		}
	}
	return s, nil
}

// seekSlack is how many messages too many a seek may find, which it then reads.
const seekSlack = 64

// seek returns the sequence of the nth newest message of a room that has more.
func (p *partition) seek(room string, s span, position int64, n int) (int64, error) {
	low, high := s.first, position+1   // the message is after low, and before high
	lowCount, highCount := s.stored, 0 // how many messages there are from there on
	for steps := 0; high-low > 1; steps++ {
		at := low + (high-low)/2
		if steps%3 != 2 { // interpolate, except in every third step
			share := float64(lowCount-n-seekSlack/2) / float64(lowCount-highCount)
			at = min(max(low+int64(share*float64(high-low)), low+1), high-1)
		}
		found, err := p.fetch(room, at, 1)
		if err != nil {
			return 0, err
		}
		count := 0
		if len(found) > 0 {
			count = found[0].after + 1
		}
		switch {
		case count < n:
			high, highCount = at, count
		case count <= n+seekSlack:
			found, err := p.fetch(room, found[0].sequence, count-n+1)
			if err != nil {
				return 0, err
			}
			if i := slices.IndexFunc(found, func(f fetched) bool { return f.after < n }); i >= 0 {
				return found[i].sequence, nil
			}
			return 0, errStale
		default:
			low, lowCount = found[0].sequence, count
		}
	}
	return 0, errStale // two replicas have answered
}

// newestBefore returns the newest messages of a room from a sequence on and up to another one, at most limit, and whether
// there are older ones.
func (p *partition) newestBefore(room string, s span, from, upTo int64, limit int) (found []fetched, more bool, err error) {
	if from > upTo { // all messages are too old or too new
		return nil, false, nil
	}
	after := 0 // how many messages are newer than upTo
	newer, err := p.fetch(room, upTo+1, 1)
	if err != nil {
		return nil, false, err
	}
	if len(newer) > 0 {
		after = newer[0].after + 1
	}
	first, err := p.fetch(room, from, 1)
	if err != nil {
		return nil, false, err
	}
	if len(first) == 0 || first[0].sequence > upTo {
		return nil, false, p.checkEnd(room, nil, from-1, upTo)
	}
	start := first[0].sequence
	if more = first[0].after+1-after > limit; more {
		if start, err = p.seek(room, span{first: start, stored: first[0].after + 1}, upTo, after+limit); err != nil {
			return nil, false, err
		}
	}
	if found, err = p.fetch(room, start, limit); err != nil {
		return nil, false, err
	}
	found = cut(found, upTo)
	return found, more, p.checkEnd(room, found, from-1, upTo)
}

// missing returns how many messages of a query before the sequence end are no longer in history, or -1 if that is not known.
func (p *partition) missing(room string, q *query, s span, end int64) (n int64, err error) {
	first := q.floor // no id of the room was less
	if s.first > 0 && s.first <= p.imported.Load() {
		first = s.firstID - 1
	}
	if q.After != 0 && q.After < first { // an id of another history, or of a message that was not imported
		return -1, nil
	}
	if s.first > 0 && s.first < end && s.oldest > q.after+1 {
		if n, err = p.count(room, q.after+1, min(end, s.oldest)); err != nil {
			return 0, err
		}
	}
	o := p.journal.opt.Retention
	if full := s.stored >= o.Messages+undelivered; full && s.first > q.after+1 {
		return -1, nil // older messages are no longer in the stream
	}
	if o.Age > 0 && n == 0 && p.firstSequence() > q.after+1 {
		return -1, nil
	}
	return n, nil
}

// count returns the number of messages of a room with from <= sequence < before.
func (p *partition) count(room string, from, before int64) (int64, error) {
	first, err := p.fetch(room, from, 1)
	if err != nil || len(first) == 0 {
		return 0, err
	}
	rest, err := p.fetch(room, before, 1)
	n := int64(first[0].after + 1)
	if len(rest) > 0 {
		n -= int64(rest[0].after + 1)
	}
	return n, err
}
