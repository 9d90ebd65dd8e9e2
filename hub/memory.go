package hub

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"partyline/hub/ring"
)

const (
	// KeyLife is how long a key is kept at the least.
	KeyLife = 10 * time.Minute
	// roomsKept bounds the rooms whose history is kept.
	roomsKept = 4096
)

// Memory is a Journal that keeps the newest messages of each room in memory. It
// remembers a bounded number of rooms: past it, those that were silent for longest are
// forgotten.
type Memory struct {
	keep      Retention
	searching chan struct{} // holds a token for each page that is being searched

	mu    sync.Mutex
	rooms map[string]*shelf
	floor int64 // ids of rooms that are not in rooms begin above it
}

var _ Journal = (*Memory)(nil)

// NewMemory returns a Journal in memory. Its ids grow over restarts as long as the clock
// does.
func NewMemory(keep Retention) *Memory {
	return &Memory{
		keep:      keep,
		searching: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)),
		rooms:     make(map[string]*shelf),
		floor:     FirstID(time.Now()),
	}
}

// FirstID returns what the ids of a room begin above that is new at a time: the
// microseconds since 2026. So they are greater than those of any server before.
func FirstID(now time.Time) int64 {
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return max(now.Sub(epoch).Microseconds(), 0)
}

// A shelf holds the newest messages of one room. Their ids have no holes.
type shelf struct {
	mu       sync.Mutex // held during commit, so that commits keep the order of ids
	base     int64      // ids begin above it
	last     int64
	lastAt   time.Time
	messages ring.Ring[*Message]
	keys     map[string]int64
	keyed    ring.Ring[keyed] // in the order of their ids

	forgotten bool // no longer in the journal: give no more ids
}

type keyed struct {
	key string
	id  int64
	at  time.Time
}

func (j *Memory) Append(m *Message, key string, commit func(Fate)) {
	for !j.shelf(m.Room, true).append(m, key, j.keep, commit) {
	}
}

// append reports false, and has done nothing, where the shelf was forgotten meanwhile.
func (s *shelf) append(m *Message, key string, keep Retention, commit func(Fate)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgotten {
		return false
	}
	m.At = time.Now()
	s.expire(m.At, keep.Age)
	if key != "" {
		s.forgetKeys(m.At)
		if id, ok := s.keys[key]; ok {
			m.ID = id
			commit(Fate{Repeated: true})
			return true
		}
	}
	s.last++
	m.ID = s.last
	s.lastAt = m.At
	if key != "" {
		if s.keys == nil {
			s.keys = make(map[string]int64)
		}
		s.keys[key] = m.ID
		s.keyed.Push(keyed{key, m.ID, m.At})
	}
	s.put(m, keep.Messages)
	commit(Fate{})
	return true
}

func (s *shelf) put(m *Message, limit int) {
	if limit <= 0 {
		return
	}
	if s.messages.Len() >= limit {
		s.messages.Pop()
	}
	s.messages.Push(m)
}

// expire drops messages that are older than age.
func (s *shelf) expire(now time.Time, age time.Duration) {
	if age <= 0 {
		return
	}
	for s.messages.Len() > 0 && now.Sub(s.messages.At(0).At) > age {
		s.messages.Pop()
	}
}

// oldest returns the id of the oldest message that is kept, or the next to come.
func (s *shelf) oldest() int64 { return s.last - int64(s.messages.Len()) + 1 }

// slice returns n messages from an id on.
func (s *shelf) slice(first int64, n int) []*Message {
	found := make([]*Message, n)
	for i := range found {
		found[i] = s.messages.At(int(first-s.oldest()) + i)
	}
	return found
}

func (j *Memory) Open(room string) int64 {
	s := j.shelf(room, false)
	if s == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.floor
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (j *Memory) Release(string) {}

func (j *Memory) After(room string, after, upTo int64, limit int) ([]*Message, []Missing, error) {
	s := j.shelf(room, false)
	if s == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		return nil, missing(after, upTo, j.floor, j.floor+1, 0), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(time.Now(), j.keep.Age)
	first := max(after+1, s.oldest())
	n := max(min(upTo, s.last)-first+1, 0)
	found := s.slice(first, int(min(n, int64(limit))))
	next := int64(0)
	if len(found) > 0 {
		next = first
	}
	return found, missing(after, upTo, s.base, s.oldest(), next), nil
}

func (j *Memory) Lacks(room string, after int64) bool {
	_, missing, _ := j.After(room, after, math.MaxInt64, 0)
	return len(missing) > 0
}

// missing says what is missing between the id after and the oldest message kept, but not
// after upTo, in a room whose ids begin above base. next is the first one found.
func missing(after, upTo, base, oldest, next int64) []Missing {
	end := min(oldest-1, upTo)
	count := max(end-after, 0)
	switch {
	case after == 0: // everything: what this journal itself forgot is missing
		count = max(end-base, 0)
	case after < base:
		count = -1
	}
	if count == 0 {
		return nil
	}
	return []Missing{{After: after, Before: next, Count: count}}
}

func (j *Memory) Before(room string, before int64, limit int) ([]*Message, bool, error) {
	s := j.shelf(room, false)
	if s == nil {
		return nil, false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(time.Now(), j.keep.Age)
	end := min(before, s.last+1)
	n := max(min(end-s.oldest(), int64(limit)), 0)
	return s.slice(end-n, int(n)), end-n > s.oldest(), nil
}

// shelf returns the shelf of a room, making place for a new one where it is to be made.
func (j *Memory) shelf(room string, create bool) *shelf {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.rooms[room]
	if s == nil && create {
		if len(j.rooms) >= roomsKept {
			j.forgetQuiet(roomsKept / 8)
		}
		s = &shelf{base: j.floor, last: j.floor}
		j.rooms[room] = s
	}
	return s
}

// forgetQuiet drops the n rooms that were silent for longest. Their next ids begin above
// all that they gave.
func (j *Memory) forgetQuiet(n int) {
	silent := make(map[string]time.Time, len(j.rooms))
	for room, s := range j.rooms {
		s.mu.Lock()
		silent[room] = s.lastAt
		s.mu.Unlock()
	}
	rooms := slices.SortedFunc(maps.Keys(silent), func(a, b string) int {
		return silent[a].Compare(silent[b])
	})
	for _, room := range rooms[:n] {
		s := j.rooms[room]
		s.mu.Lock()
		s.forgotten = true
		j.floor = max(j.floor, s.last)
		s.mu.Unlock()
		delete(j.rooms, room)
	}
}

// forgetKeys drops keys that are old enough and whose messages are gone.
func (s *shelf) forgetKeys(now time.Time) {
	for s.keyed.Len() > 0 {
		k := s.keyed.At(0)
		if now.Sub(k.at) < KeyLife || k.id >= s.oldest() {
			return
		}
		delete(s.keys, k.key)
		s.keyed.Pop()
	}
}
