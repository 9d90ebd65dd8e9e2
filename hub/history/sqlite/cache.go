package sqlite

import (
	"sort"

	"partyline/hub/wire"
)

// maxCachedOfRoom and maxCached bound the number of cached messages of a room and of all rooms.
const (
	maxCachedOfRoom = 600
	maxCached       = 1 << 17
)

// cacheLocked adds a stored message to the cache. It returns by how many messages the cache has
// grown.
func (r *room) cacheLocked(m *wire.Message) int {
	r.cache.Push(m)
	if r.cache.Len() <= maxCachedOfRoom {
		return 1
	}
	r.dropLocked(1)
	return 0
}

// dropLocked removes the n oldest messages from the cache.
func (r *room) dropLocked(n int) {
	for range n {
		r.cachedFrom = r.cache.Pop().ID + 1
	}
}

// indexLocked returns the index in the cache of the first message with at least this id.
func (r *room) indexLocked(id int64) int {
	return sort.Search(r.cache.Len(), func(i int) bool { return r.cache.At(i).ID >= id })
}

// sliceLocked returns the messages in the cache with from <= index < to.
func (r *room) sliceLocked(from, to int) []*wire.Message {
	found := make([]*wire.Message, 0, max(to-from, 0))
	for i := from; i < to; i++ {
		found = append(found, r.cache.At(i))
	}
	return found
}

// uncacheLocked removes the messages up to an id from the cache of a room.
func (j *Journal) uncacheLocked(r *room, id int64) {
	n := r.indexLocked(id + 1)
	r.dropLocked(n)
	j.cached -= n
}

// shrinkCachesLocked halves every cache if there are more than maxCached messages.
func (j *Journal) shrinkCachesLocked() {
	if j.cached <= maxCached {
		return
	}
	for _, r := range j.rooms {
		n := (r.cache.Len() + 1) / 2
		r.dropLocked(n)
		j.cached -= n
	}
}
