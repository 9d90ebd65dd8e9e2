package history

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"

	"partyline/hub/wire"
)

// maxUnused is the number of rooms without members whose history a Memory keeps.
const maxUnused = 4096

// Memory is a Journal that keeps the newest messages of each room in memory.
//
// Rooms with members keep their history. Among the rooms without members, the 4,096 with the most
// messages keep it; among rooms with equally many messages, the older ones. So a client that
// creates thousands of small rooms only makes Memory forget small rooms. The number of keys of
// messages that are no longer in history is bounded for all rooms together: the oldest keys are
// forgotten first.
type Memory struct {
	retention   Retention
	searchSlots chan struct{} // has a token for each search that is reading messages
	keys        memoryKeys

	mu        sync.Mutex // taken before memoryRoom.mu
	rooms     map[string]*memoryRoom
	unused    map[*memoryRoom]struct{} // the rooms with users == 0
	maxUnused int
	created   int   // the number of rooms created so far
	floor     int64 // ids of new rooms are greater
}

var (
	_ Journal  = (*Memory)(nil)
	_ Searcher = (*Memory)(nil)
)

// NewMemory returns a Journal in memory. Its ids are greater than those of earlier processes as
// long as the wall clock is not set back.
func NewMemory(r Retention) *Memory {
	return &Memory{
		retention:   r,
		searchSlots: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)),
		keys:        newMemoryKeys(maxOldKeys),
		rooms:       make(map[string]*memoryRoom),
		unused:      make(map[*memoryRoom]struct{}),
		maxUnused:   maxUnused,
		floor:       IDFloor(time.Now()),
	}
}

// IDFloor returns the number of microseconds from 2026 to now. The ids of a room that is created
// now are greater. They are also greater than the ids that earlier processes gave, because a room
// gets less than one id in a microsecond.
func IDFloor(now time.Time) int64 {
	return max(now.Sub(idEpoch).Microseconds(), 0)
}

// IDTime returns the time whose IDFloor is an id.
func IDTime(id int64) time.Time { return idEpoch.Add(time.Duration(id) * time.Microsecond) }

var idEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Append implements Journal. It calls commit before it returns.
func (j *Memory) Append(m *wire.Message, key string, commit func(Result)) {
	r := j.use(m.Room)
	defer j.done(r)
	r.commits.Lock()
	defer r.commits.Unlock()
	commit(j.store(r, m, key))
}

// store gives m its id in r and stores it. The caller holds r.commits.
func (j *Memory) store(r *memoryRoom, m *wire.Message, key string) Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.At = time.Now()
	j.expireLocked(r, m.At)
	k := keyedMessage{Message: m, keyed: key != ""}
	if k.keyed {
		k.key = j.keys.hash(r.name, key)
		if id, ok := j.keys.find(k.key, m.At); ok {
			m.ID = id
			return Result{Repeated: true}
		}
	}
	r.last++
	m.ID = r.last
	j.addLocked(r, k)
	return Result{}
}

// Open implements Journal.
func (j *Memory) Open(room string, _ Hear) int64 { return j.use(room).newest() }

// Release implements Journal. One call in 512 forgets rooms, which takes about a millisecond.
func (j *Memory) Release(room string) {
	if r, _ := j.find(room); r != nil {
		j.done(r)
	}
}

// Read implements Journal.
func (j *Memory) Read(room string, g Range) (Page, error) {
	r, floor := j.find(room)
	if r == nil {
		r = &memoryRoom{base: floor, last: floor}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	j.expireLocked(r, time.Now())
	from, to := g.Clamp(r.oldestLocked(), r.last)
	n := min(max(to-from+1, 0), int64(g.Limit))
	page := Page{More: n > 0 && to-from+1 > n}
	switch {
	case g.Limit == 0:
		to = r.oldestLocked() - 1
	case g.Newest:
		page.Messages = r.messagesLocked(to-n+1, int(n))
		return page, nil
	default:
		page.Messages = r.messagesLocked(from, int(n))
	}
	page.Gaps = Gaps(g.After, to, r.base, page.Messages, func(first, last int64) int64 { return last - first + 1 })
	return page, nil
}

// find returns the room with a name, or nil, and the floor.
func (j *Memory) find(name string) (r *memoryRoom, floor int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rooms[name], j.floor
}

// use returns the room with a name and creates it if necessary. The room is not forgotten until
// done is called for each use.
func (j *Memory) use(name string) *memoryRoom {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.rooms[name]
	if r == nil {
		j.created++
		r = &memoryRoom{name: name, number: j.created, base: j.floor, last: j.floor}
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
	case r.newest() == r.base: // it never had a message
		delete(j.rooms, r.name)
	default:
		j.unused[r] = struct{}{}
		// Forget many rooms at once, so that few calls sort.
		if len(j.unused) > j.maxUnused+j.maxUnused/8 {
			j.forgetLocked(len(j.unused) - j.maxUnused)
		}
	}
}

// forgetLocked forgets n unused rooms: those with the fewest messages first, and among rooms with
// equally many messages the youngest.
func (j *Memory) forgetLocked(n int) {
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
