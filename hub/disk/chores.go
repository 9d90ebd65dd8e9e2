package disk

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"partyline/hub"
)

const (
	// indexAtOnce and deleteAtOnce bound a slice of work between two batches, so that a
	// message waits for it no more than a millisecond or two.
	indexAtOnce  = 32
	deleteAtOnce = 256
	// ageEvery is how often messages are looked at for being too old, at the least.
	ageEvery = time.Minute
)

const (
	// shareTime is a span in which chores may take tendTime: while much is said they
	// leave the processor to that, and catch up when it is quiet for quietTime.
	shareTime = time.Second
	tendTime  = shareTime / 20
	quietTime = 200 * time.Millisecond
	// mostBehind is how many messages too many a room may have on disk meanwhile. More are
	// deleted at once then, which costs less for each.
	mostBehind       = 4096
	deleteWhenBehind = 1024
)

// A share is the time that chores take.
type share struct {
	since time.Time // when the span began
	took  time.Duration
	last  time.Time // when messages were written
}

// mayTend reports whether a chore may be done now.
func (w *writer) mayTend() bool {
	s := &w.share
	now := time.Now()
	if now.Sub(s.since) >= shareTime {
		s.since, s.took = now, 0
	}
	return s.took < tendTime || now.Sub(s.last) >= quietTime || w.isBehind()
}

// isBehind reports whether the first room in turn has far too many messages on disk.
func (w *writer) isBehind() bool {
	if len(w.chores) == 0 {
		return false
	}
	r := w.chores[0]
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	return w.j.kept(r)-r.rows > mostBehind
}

// busy notes that there is something to be done for a room.
func (w *writer) busy(r *room) {
	if !r.queued {
		r.queued = true
		w.chores = append(w.chores, r)
	}
}

// chore does a slice of what is to be done, and reports whether there is more.
func (w *writer) chore() bool {
	j := w.j
	j.mu.Lock()
	for _, r := range w.forgotten {
		w.busy(r)
	}
	w.forgotten = nil
	j.mu.Unlock()
	if len(w.chores) == 0 || w.health.err != nil {
		return false
	}
	began := time.Now()
	defer func() { w.share.took += time.Since(began) }()
	r := w.chores[0]
	w.chores = w.chores[1:]
	r.queued = false
	if !r.written {
		return len(w.chores) > 0
	}
	var note func()
	err := w.transaction(false, func() (err error) {
		note, err = w.tend(r)
		return err
	})
	if err != nil {
		w.isIll(err)
		w.busy(r)
		return false
	}
	if note != nil {
		j.mu.Lock()
		note()
		j.mu.Unlock()
		if !r.removed {
			w.busy(r)
		}
	}
	return len(w.chores) > 0
}

// tend does a slice for a room. What it returns notes that in the room, once it is
// committed and under Journal.mu; nil where there was nothing to do.
func (w *writer) tend(r *room) (note func(), err error) {
	j := w.j
	j.mu.Lock()
	kept, last, forgotten := j.kept(r), r.last, r.forgotten
	j.mu.Unlock()
	if forgotten {
		kept = last + 1
	}
	if r.rows < kept {
		n := int64(deleteAtOnce)
		if kept-r.rows > mostBehind {
			n = deleteWhenBehind
		}
		to := min(kept, r.rows+n)
		note = func() {
			r.rows, r.indexed = to, max(r.indexed, to-1)
			r.holes = slices.DeleteFunc(r.holes, func(h hole) bool { return h.last < to })
		}
		return note, w.delete(r, to, last)
	}
	if forgotten {
		note = func() {
			r.removed = true
			delete(j.numbers, r.number)
		}
		return note, w.remove(r)
	}
	if r.indexed >= last {
		return nil, nil
	}
	upTo, err := w.index(r, max(r.indexed+1, kept), last)
	return func() { r.indexed = upTo }, err
}

// delete deletes the messages before an id, and their words.
func (w *writer) delete(r *room, before, last int64) error {
	from, to := r.place(r.rows), r.place(before)
	if err := w.exec(`DELETE FROM messages WHERE place >= ? AND place < ?`, from, to); err != nil {
		return err
	}
	if r.rows <= r.indexed {
		if err := w.exec(`DELETE FROM words WHERE rowid >= ? AND rowid < ?`, from, to); err != nil {
			return err
		}
	}
	if err := w.exec(`DELETE FROM holes WHERE room = ? AND last < ?`, r.number, before); err != nil {
		return err
	}
	return w.exec(`UPDATE rooms SET last = ? WHERE number = ?`, last, r.number)
}

// remove deletes what is left of a room that is forgotten.
func (w *writer) remove(r *room) error {
	if err := w.exec(`DELETE FROM keys WHERE room = ?`, r.number); err != nil {
		return err
	}
	if err := w.exec(`DELETE FROM holes WHERE room = ?`, r.number); err != nil {
		return err
	}
	if err := w.exec(`DELETE FROM rooms WHERE number = ?`, r.number); err != nil {
		return err
	}
	w.j.mu.Lock()
	floor := w.j.floor
	w.j.mu.Unlock()
	return w.exec(`REPLACE INTO meta VALUES ('floor', ?)`, floor)
}

// index puts the words of the next messages into the index, and returns the id of the last.
func (w *writer) index(r *room, from, last int64) (upTo int64, err error) {
	found, err := w.next(r, from, last)
	if err != nil {
		return 0, err
	}
	upTo = last
	if len(found) == indexAtOnce {
		upTo = found[len(found)-1].ID
	}
	for _, m := range found {
		words := strings.Join(hub.SearchWords(m), " ")
		if err := w.exec(`INSERT OR REPLACE INTO words (rowid, text) VALUES (?, ?)`, r.place(m.ID), words); err != nil {
			return 0, err
		}
	}
	return upTo, w.exec(`UPDATE rooms SET indexed = ? WHERE number = ?`, upTo, r.number)
}

// next returns the next messages to be indexed. It does not stand in line with those who
// read.
func (w *writer) next(r *room, from, last int64) ([]*hub.Message, error) {
	j := w.j
	j.mu.Lock()
	if from >= r.from {
		defer j.mu.Unlock()
		i := r.search(from)
		return r.slice(i, min(i+indexAtOnce, r.search(last+1))), nil
	}
	j.mu.Unlock()
	rows, err := w.conn.QueryContext(context.Background(), oldestBetween, r.place(from), r.place(last), indexAtOnce)
	if err != nil {
		return nil, err
	}
	return collect(rows, r)
}

// age lets go what is too old: messages where they have an age, and keys.
func (w *writer) age() {
	keep := w.j.options.Keep
	every := ageEvery
	if keep.Age > 0 {
		every = min(max(keep.Age/10, tick), ageEvery)
	}
	now := time.Now()
	if now.Sub(w.checked) < every {
		return
	}
	w.checked = now
	w.j.mu.Lock()
	rooms := make([]*room, 0, len(w.j.rooms))
	for _, r := range w.j.rooms {
		if r.written {
			rooms = append(rooms, r)
		}
	}
	w.j.mu.Unlock()
	err := w.transaction(false, func() error {
		for _, r := range rooms {
			if err := w.ageRoom(r, now, keep.Age); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.isIll(err)
	}
}

func (w *writer) ageRoom(r *room, now time.Time, age time.Duration) error {
	w.j.mu.Lock()
	kept, last := w.j.kept(r), r.last
	w.j.mu.Unlock()
	if age > 0 && kept <= last && !now.Before(r.due) {
		place, at := r.place(last+1), now.UnixMilli()
		err := w.row(`SELECT place, at FROM messages WHERE place BETWEEN ? AND ? AND at >= ? ORDER BY place LIMIT 1`,
			r.place(kept), r.place(last), now.Add(-age).UnixMilli()).Scan(&place, &at)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		r.due = time.UnixMilli(at).Add(age)
		if id := r.id(place); id > kept {
			w.j.mu.Lock()
			r.oldest = max(r.oldest, id)
			kept = id
			w.j.mu.Unlock()
			w.busy(r)
		}
	}
	if r.keyed >= kept {
		return nil
	}
	place := r.place(kept) // of the first key that is young enough, or whose message is kept
	err := w.row(`SELECT place FROM keys WHERE place BETWEEN ? AND ? AND at > ? ORDER BY place LIMIT 1`,
		r.place(r.keyed), r.place(kept-1), now.Add(-hub.KeyLife).UnixMilli()).Scan(&place)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err := w.exec(`DELETE FROM keys WHERE place >= ? AND place < ?`, r.place(r.keyed), place); err != nil {
		return err
	}
	r.keyed = r.id(place)
	return nil
}
