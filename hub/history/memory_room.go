package history

import (
	"sync"
	"time"

	"partyline/hub/history/ring"
	"partyline/hub/wire"
)

// A memoryRoom is what a Memory keeps of one room. Its ids have no holes.
type memoryRoom struct {
	name   string
	number int        // of the rooms that were made, which one this is
	base   int64      // ids begin above it
	users  int        // Open less Release, and calls of Append under way; guarded by Memory.mu
	order  sync.Mutex // held during commit, so that commits keep the order of ids; taken before mu

	mu       sync.Mutex // nothing is waited for under it
	last     int64
	messages ring.Ring[keyed]
	keys     map[string]int64 // of messages
}

// keyed is a message with its key, which may be empty.
type keyed struct {
	*wire.Message
	key string
}

// newest returns the newest id, or what ids begin above.
func (r *memoryRoom) newest() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// oldest returns the id of the oldest message that is kept, or the next to come. r.mu is held.
func (r *memoryRoom) oldest() int64 { return r.last - int64(r.messages.Len()) + 1 }

// slice returns n messages from an id on. r.mu is held.
func (r *memoryRoom) slice(first int64, n int) []*wire.Message {
	found := make([]*wire.Message, n)
	for i := range found {
		found[i] = r.messages.At(int(first-r.oldest()) + i).Message
	}
	return found
}

// add keeps the newest message and its key, in place of the oldest if there are too many.
// r.mu is held.
func (j *Memory) add(r *memoryRoom, m *wire.Message, key string) {
	for r.messages.Len() > 0 && r.messages.Len() >= j.keep.Messages {
		j.drop(r, m.At)
	}
	switch {
	case j.keep.Messages > 0:
		r.messages.Push(keyed{m, key})
		if key != "" {
			if r.keys == nil {
				r.keys = make(map[string]int64)
			}
			r.keys[key] = m.ID
		}
	case key != "":
		j.keys.add(roomKey{r.name, key}, m.ID, m.At)
	}
}

// drop drops the oldest message. Its key is kept until it is KeyLife old. r.mu is held.
func (j *Memory) drop(r *memoryRoom, now time.Time) {
	m := r.messages.Pop()
	if m.key == "" {
		return
	}
	delete(r.keys, m.key)
	if now.Sub(m.At) < KeyLife {
		j.keys.add(roomKey{r.name, m.key}, m.ID, m.At)
	}
}

// find returns the id of the message that came with a key. r.mu is held.
func (j *Memory) find(r *memoryRoom, key string, now time.Time) (id int64, ok bool) {
	if id, ok = r.keys[key]; ok {
		return id, true
	}
	return j.keys.find(roomKey{r.name, key}, now)
}

// expire drops messages that are too old. r.mu is held.
func (j *Memory) expire(r *memoryRoom, now time.Time) {
	if j.keep.Age <= 0 {
		return
	}
	for r.messages.Len() > 0 && now.Sub(r.messages.At(0).At) > j.keep.Age {
		j.drop(r, now)
	}
}

// count returns how many messages are kept.
func (j *Memory) count(r *memoryRoom, now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.expire(r, now)
	return r.messages.Len()
}

// clear drops all messages.
func (j *Memory) clear(r *memoryRoom, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.messages.Len() > 0 {
		j.drop(r, now)
	}
}
