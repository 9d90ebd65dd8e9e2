package sqlite

import (
	"sort"

	"partyline/hub/wire"
)

// cachedOfRoom and cachedInAll bound the messages that are in memory too.
const (
	cachedOfRoom = 600
	cachedInAll  = 1 << 17
)

// remember puts a message that is stored into the cache. It returns by how many messages
// the cache has grown.
func (r *room) remember(m *wire.Message) int {
	r.cache.Push(m)
	if r.cache.Len() <= cachedOfRoom {
		return 1
	}
	r.drop(1)
	return 0
}

// drop takes the n oldest messages out of the cache.
func (r *room) drop(n int) {
	for range n {
		r.from = r.cache.Pop().ID + 1
	}
}

// search returns the index in the cache of the first message whose id is not less.
func (r *room) search(id int64) int {
	return sort.Search(r.cache.Len(), func(i int) bool { return r.cache.At(i).ID >= id })
}

func (r *room) slice(from, to int) []*wire.Message {
	found := make([]*wire.Message, 0, max(to-from, 0))
	for i := from; i < to; i++ {
		found = append(found, r.cache.At(i))
	}
	return found
}

// dropUpTo takes the messages up to an id out of the cache. j.mu is held.
func (j *Journal) dropUpTo(r *room, id int64) {
	n := r.search(id + 1)
	r.drop(n)
	j.cached -= n
}

// shrinkMemory halves every cache if all together have too much. j.mu is held.
func (j *Journal) shrinkMemory() {
	if j.cached <= cachedInAll {
		return
	}
	for _, r := range j.rooms {
		n := (r.cache.Len() + 1) / 2
		r.drop(n)
		j.cached -= n
	}
}
