package history

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"

	"partyline/hub/wire"
)

// maxUnused is how many rooms without members a Memory keeps the history of.
const maxUnused = 4096

// Memory is a Journal that keeps the newest messages of each room in memory.
//
// Rooms that are open keep their history. Of the others, the 4,096 rooms with the most
// messages keep it; of rooms with equally many, the older ones. So a client that makes
// thousands of rooms with a few messages in each can only make it forget such rooms. Keys of
// messages that are no longer in history are bounded for all rooms together: the oldest are
// forgotten first.
type Memory struct {
	keep      Retention
	searching chan struct{} // holds a token for each page that is being searched
	keys      oldKeys

	mu        sync.Mutex // taken before a room's
	rooms     map[string]*memoryRoom
	unused    map[*memoryRoom]struct{} // the rooms that nobody uses
	maxUnused int
	made      int   // number of rooms made until now
	floor     int64 // ids of new rooms begin above it
}

var (
	_ Journal  = (*Memory)(nil)
	_ Searcher = (*Memory)(nil)
)

// NewMemory returns a Journal in memory. Its ids grow over restarts as long as the clock
// does.
func NewMemory(keep Retention) *Memory {
	return &Memory{
		keep:      keep,
		searching: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)),
		keys:      oldKeys{ids: make(map[roomKey]int64), max: maxOldKeys},
		rooms:     make(map[string]*memoryRoom),
		unused:    make(map[*memoryRoom]struct{}),
		maxUnused: maxUnused,
		floor:     FirstID(time.Now()),
	}
}

// FirstID returns what the ids of a room begin above that is new at a time: the
// microseconds since 2026. So they are greater than those of any server before.
func FirstID(now time.Time) int64 {
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return max(now.Sub(epoch).Microseconds(), 0)
}

func (j *Memory) Append(m *wire.Message, key string, commit func(Result)) {
	r := j.use(m.Room)
	defer j.done(r)
	r.order.Lock()
	defer r.order.Unlock()
	commit(j.put(r, m, key))
}

// put gives m its place in r. r.order is held.
func (j *Memory) put(r *memoryRoom, m *wire.Message, key string) Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.At = time.Now()
	j.expire(r, m.At)
	if key != "" {
		if id, ok := j.find(r, key, m.At); ok {
			m.ID = id
			return Result{Repeated: true}
		}
	}
	r.last++
	m.ID = r.last
	j.add(r, m, key)
	return Result{}
}

func (j *Memory) Open(room string) int64 { return j.use(room).newest() }

// Release forgets rooms once in 512 times, which takes about a millisecond.
func (j *Memory) Release(room string) {
	j.mu.Lock()
	r := j.rooms[room]
	j.mu.Unlock()
	if r != nil {
		j.done(r)
	}
}

func (j *Memory) Read(room string, g Range) (Page, error) {
	r, floor := j.lookUp(room)
	if r == nil {
		r = &memoryRoom{base: floor, last: floor}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	j.expire(r, time.Now())
	from, to := g.Clamp(r.oldest(), r.last)
	n := min(max(to-from+1, 0), int64(g.Limit))
	page := Page{More: n > 0 && to-from+1 > n}
	switch {
	case g.Limit == 0:
		to = r.oldest() - 1
	case g.Newest:
		page.Messages = r.slice(to-n+1, int(n))
		return page, nil
	default:
		page.Messages = r.slice(from, int(n))
	}
	page.Gaps = Gaps(g.After, to, r.base, page.Messages, func(first, last int64) int64 { return last - first + 1 })
	return page, nil
}

// lookUp returns a room, or nil and the floor if there is none.
func (j *Memory) lookUp(name string) (r *memoryRoom, floor int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rooms[name], j.floor
}

// use returns a room, and makes it if there is none. It is not forgotten until done is called
// as often.
func (j *Memory) use(name string) *memoryRoom {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.rooms[name]
	if r == nil {
		j.made++
		r = &memoryRoom{name: name, number: j.made, base: j.floor, last: j.floor}
		j.rooms[name] = r
	}
	r.users++
	delete(j.unused, r)
	return r
}

// done ends one use of a room.
func (j *Memory) done(r *memoryRoom) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.users--
	switch {
	case r.users > 0:
	case r.newest() == r.base: // nothing was said in it
		delete(j.rooms, r.name)
	default:
		j.unused[r] = struct{}{}
		// Many at once, so that few calls sort.
		if len(j.unused) > j.maxUnused+j.maxUnused/8 {
			j.forgetRooms(len(j.unused) - j.maxUnused)
		}
	}
}

// forgetRooms forgets n rooms that nobody uses: those with few messages before those with
// many, and of equals the young before the old. j.mu is held.
func (j *Memory) forgetRooms(n int) {
	type candidate struct {
		*memoryRoom
		messages int
	}
	now := time.Now()
	candidates := make([]candidate, 0, len(j.unused))
	for r := range j.unused {
		candidates = append(candidates, candidate{r, j.count(r, now)})
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.messages, b.messages), cmp.Compare(b.number, a.number))
	})
	for _, c := range candidates[:n] {
		delete(j.unused, c.memoryRoom)
		delete(j.rooms, c.name)
		j.floor = max(j.floor, c.newest())
		j.clear(c.memoryRoom, now)
	}
}
