package disk

import (
	"slices"
	"sort"
	"time"

	"partyline/hub"
	"partyline/hub/ring"
)

const (
	// numberShift parts the number of a room from an id in a place. Numbers are below
	// 2^14; ids grow by no more than 2^49 in the life of a room, which is 17 years of
	// microseconds.
	numberShift = 49
	maxNumber   = 1<<14 - 1
	// roomsKept bounds the rooms whose history is kept.
	roomsKept = 1 << 13
	// cachedOfRoom and cachedInAll bound the messages that are in memory too.
	cachedOfRoom = 600
	cachedInAll  = 1 << 17
)

// A room is what is known of one without looking at the disk. Journal.mu guards it, but
// for what belongs to the writer.
type room struct {
	name   string
	number int64
	base   int64 // ids begin above it
	last   int64 // newest id that was given
	lastAt int64 // when, in milliseconds since 1970
	oldest int64 // of the messages that are kept, or the next to come
	holes  []hole

	cache ring.Ring[*hub.Message] // the newest that are stored
	from  int64                   // it has all of them from this id on

	// The writer's own.
	written bool      // the room has its row
	unsaved bool      // it has holes that are not on disk
	rows    int64     // id from which on there may be messages on disk
	keyed   int64     // id from which on there may be keys on disk
	indexed int64     // newest id whose words are in the index; guarded by Journal.mu too
	due     time.Time // when its oldest message is too old
	queued  bool      // it has chores
	removed bool      // its rows are gone

	forgotten bool // its rows are to be deleted; another room may have its name
}

// A hole is a run of ids that were given to messages which are not stored, or that may
// have been.
type hole struct {
	first, last int64
	sure        bool
}

func newRoom(name string, number, base, last int64) *room {
	return &room{
		name: name, number: number, base: base, last: last, oldest: last + 1,
		from: last + 1, rows: last + 1, keyed: last + 1, indexed: last,
	}
}

// place returns where a message lies on disk.
func (r *room) place(id int64) int64 { return r.number<<numberShift | (id - r.base) }

func (r *room) id(place int64) int64 { return r.base + place&(1<<numberShift-1) }

// kept returns the id of the oldest message that is kept, though older ones may be on
// disk still.
func (r *room) kept(limit int) int64 { return max(r.oldest, r.last-int64(limit)+1) }

// missing returns what is missing behind the id after, of which next is the first message
// found, up to an id.
func (r *room) missing(after, upTo, kept int64, found []*hub.Message) []hub.Missing {
	var list []hub.Missing
	next := func(id int64) int64 {
		i := sort.Search(len(found), func(i int) bool { return found[i].ID >= id })
		if i == len(found) {
			return 0
		}
		return found[i].ID
	}
	begin := after
	switch {
	case after == 0:
		begin = r.base
	case after < r.base:
		return append(list, hub.Missing{After: after, Before: next(0), Count: -1})
	}
	if n := kept - begin - 1; n > 0 {
		list = append(list, hub.Missing{After: after, Before: next(0), Count: r.given(begin+1, kept-1)})
		begin = kept - 1
	}
	if len(found) > 0 {
		upTo = found[len(found)-1].ID
	}
	for _, h := range r.holes {
		if h.last <= begin || h.first > upTo {
			continue
		}
		first := max(h.first, begin+1)
		m := hub.Missing{After: first - 1, Before: next(h.last), Count: h.last - first + 1}
		if !h.sure {
			m.Count = -1
		}
		if n := len(list); n > 0 && list[n-1].Before == m.Before { // nothing is found between
			if list[n-1].Count < 0 || m.Count < 0 {
				list[n-1].Count = -1
			} else {
				list[n-1].Count += m.Count
			}
			continue
		}
		list = append(list, m)
	}
	return list
}

// given returns how many ids of a run were given; -1 where nobody knows.
func (r *room) given(first, last int64) int64 {
	for _, h := range r.holes {
		if !h.sure && h.first <= last && h.last >= first {
			return -1
		}
	}
	return last - first + 1
}

// skip notes that an id was given to what is not stored.
func (r *room) skip(id int64) {
	r.unsaved = true
	if n := len(r.holes); n > 0 && r.holes[n-1].last == id-1 && r.holes[n-1].sure {
		r.holes[n-1].last = id
		return
	}
	r.holes = append(r.holes, hole{id, id, true})
}

// remember puts a message that is stored into memory. It returns by how many messages
// there are more.
func (r *room) remember(m *hub.Message) int {
	r.cache.Push(m)
	if r.cache.Len() <= cachedOfRoom {
		return 1
	}
	r.forget(1)
	return 0
}

// forget drops the n oldest messages in memory.
func (r *room) forget(n int) {
	for range n {
		r.from = r.cache.Pop().ID + 1
	}
}

// search returns the index in memory of the first message with an id that is not less.
func (r *room) search(id int64) int {
	return sort.Search(r.cache.Len(), func(i int) bool { return r.cache.At(i).ID >= id })
}

func (r *room) slice(from, to int) []*hub.Message {
	found := make([]*hub.Message, 0, max(to-from, 0))
	for i := from; i < to; i++ {
		found = append(found, r.cache.At(i))
	}
	return found
}

// shrinkMemory makes place where all rooms have too many messages in memory. j.mu is held.
func (j *Journal) shrinkMemory() {
	if j.cached <= cachedInAll {
		return
	}
	for _, r := range j.rooms {
		n := (r.cache.Len() + 1) / 2
		r.forget(n)
		j.cached -= n
	}
}

// newRoom makes a room that has no row yet, and has another forgotten where there are too
// many. j.mu is held.
func (j *Journal) newRoom(name string) *room {
	if len(j.rooms) >= roomsKept {
		j.forgetQuiet(roomsKept / 8)
	}
	number := int64(1)
	for n := int64(len(j.numbers)); j.numbers[number] != nil; n++ {
		number = n%maxNumber + 1
	}
	r := newRoom(name, number, j.floor, j.floor)
	j.rooms[name] = r
	j.numbers[number] = r
	return r
}

// forgetQuiet takes out the n rooms that were silent for longest; the writer deletes their
// rows by and by. j.mu is held.
func (j *Journal) forgetQuiet(n int) {
	rooms := make([]*room, 0, len(j.rooms))
	for _, r := range j.rooms {
		rooms = append(rooms, r)
	}
	slices.SortFunc(rooms, func(a, b *room) int { return int(a.lastAt - b.lastAt) })
	for _, r := range rooms[:n] {
		j.cached -= r.cache.Len()
		r.forget(r.cache.Len())
		delete(j.rooms, r.name)
		r.forgotten = true
		r.oldest = r.last + 1
		j.floor = max(j.floor, r.last)
		j.writer.forgotten = append(j.writer.forgotten, r)
	}
}
