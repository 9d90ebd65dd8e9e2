package hub

import (
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// keyLife is how long a key is kept at the least.
	keyLife = 10 * time.Minute
	// ringsKept bounds the rooms whose history is kept.
	ringsKept = 4096
)

// Memory is a Journal that keeps the newest messages of each room in memory. It
// remembers a bounded number of rooms: past it, those that were silent for longest are
// forgotten.
type Memory struct {
	limit int

	mu    sync.Mutex
	rings map[string]*ring
	floor int64 // ids of rooms that are not in rings begin above it
}

var _ Journal = (*Memory)(nil)

// NewMemory returns a Journal that keeps limit messages a room. Its ids grow over
// restarts as long as the clock does: they count on from the microseconds since 2026.
func NewMemory(limit int) *Memory {
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &Memory{
		limit: max(limit, 0),
		rings: make(map[string]*ring),
		floor: max(time.Since(epoch).Microseconds(), 0),
	}
}

// ring holds the newest messages of one room. Its ids have no holes.
type ring struct {
	mu       sync.Mutex // held during commit, so that commits keep the order of ids
	base     int64      // ids begin above it
	last     int64
	lastAt   time.Time
	messages []*Message // a circle once it is full
	start    int        // index of the oldest
	keys     map[string]int64
	keyed    []keyed // in the order of their ids

	forgotten bool // no longer in the journal: give no more ids
}

type keyed struct {
	key string
	id  int64
	at  time.Time
}

func (j *Memory) Append(m *Message, key string, commit func(repeated bool, err error)) {
	for !j.ring(m.Room, true).append(m, key, j.limit, commit) {
	}
}

// append reports false, and has done nothing, where the ring was forgotten meanwhile.
func (r *ring) append(m *Message, key string, limit int, commit func(bool, error)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forgotten {
		return false
	}
	m.At = time.Now()
	if key != "" {
		r.forgetKeys(m.At)
		if id, ok := r.keys[key]; ok {
			m.ID = id
			commit(true, nil)
			return true
		}
	}
	r.last++
	m.ID = r.last
	r.lastAt = m.At
	if key != "" {
		if r.keys == nil {
			r.keys = make(map[string]int64)
		}
		r.keys[key] = m.ID
		r.keyed = append(r.keyed, keyed{key, m.ID, m.At})
	}
	r.keep(m, limit)
	commit(false, nil)
	return true
}

func (j *Memory) Last(room string) int64 {
	r := j.ring(room, false)
	if r == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.floor
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

func (j *Memory) After(room string, after, upTo int64, limit int) ([]*Message, Reach) {
	r := j.ring(room, false)
	if r == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		return nil, reach(after, j.floor, j.floor+1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := r.last - int64(len(r.messages)) + 1
	first := max(after+1, oldest)
	n := max(min(upTo, r.last)-first+1, 0)
	found := make([]*Message, min(n, int64(limit)))
	for i := range found {
		found[i] = r.at(int(first-oldest) + i)
	}
	return found, reach(after, r.base, oldest)
}

// reach says what is missing between the id after and the oldest message kept, in a room
// whose ids begin above base.
func reach(after, base, oldest int64) Reach {
	switch {
	case after == 0: // everything: what this journal itself forgot is missing
		return Reach{Missed: oldest - base - 1}
	case after < base:
		return Reach{Missed: -1}
	}
	return Reach{Missed: max(oldest-after-1, 0)}
}

func (j *Memory) Before(room string, before int64, limit int) ([]*Message, bool) {
	r := j.ring(room, false)
	if r == nil {
		return nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := r.last - int64(len(r.messages)) + 1
	end := min(before, r.last+1)
	n := max(min(end-oldest, int64(limit)), 0)
	found := make([]*Message, n)
	for i := range found {
		found[i] = r.at(int(end-n-oldest) + i)
	}
	return found, end-n > oldest
}

// ring returns the ring of a room, making room for a new one where it is to be made.
func (j *Memory) ring(room string, create bool) *ring {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.rings[room]
	if r == nil && create {
		if len(j.rings) >= ringsKept {
			j.forgetQuiet(ringsKept / 8)
		}
		r = &ring{base: j.floor, last: j.floor}
		j.rings[room] = r
	}
	return r
}

// forgetQuiet drops the n rings that were silent for longest. Their rooms' next ids
// begin above all that they gave.
func (j *Memory) forgetQuiet(n int) {
	silent := make(map[string]time.Time, len(j.rings))
	for room, r := range j.rings {
		r.mu.Lock()
		silent[room] = r.lastAt
		r.mu.Unlock()
	}
	rooms := slices.SortedFunc(maps.Keys(silent), func(a, b string) int {
		return silent[a].Compare(silent[b])
	})
	for _, room := range rooms[:n] {
		r := j.rings[room]
		r.mu.Lock()
		r.forgotten = true
		j.floor = max(j.floor, r.last)
		r.mu.Unlock()
		delete(j.rings, room)
	}
}

func (r *ring) keep(m *Message, limit int) {
	switch {
	case limit == 0:
	case len(r.messages) < limit:
		r.messages = append(r.messages, m)
	default:
		r.messages[r.start] = m
		r.start = (r.start + 1) % limit
	}
}

func (r *ring) at(i int) *Message { return r.messages[(r.start+i)%len(r.messages)] }

// forgetKeys drops keys that are old enough and whose messages are gone.
func (r *ring) forgetKeys(now time.Time) {
	oldest := r.last - int64(len(r.messages)) + 1
	for len(r.keyed) > 0 {
		k := r.keyed[0]
		if now.Sub(k.at) < keyLife || k.id >= oldest {
			return
		}
		delete(r.keys, k.key)
		r.keyed = r.keyed[1:]
	}
}
