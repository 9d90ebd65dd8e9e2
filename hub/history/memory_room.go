package history

import (
	"sync"
	"time"

	"partyline/hub/history/ring"
	"partyline/hub/wire"
)

// A memoryRoom is a room of a Memory. The ids of its messages are consecutive.
type memoryRoom struct {
	name    string
	number  int        // counts the rooms in the order in which they were created
	base    int64      // ids are greater
	users   int        // calls of Open without Release, and of Append; guarded by Memory.mu
	commits sync.Mutex // held while commit is called, so that commits are in order; taken before mu

	mu       sync.Mutex // held for short computations only
	last     int64      // the newest id, or base
	messages ring.Ring[keyedMessage]
}

type keyedMessage struct {
	*wire.Message
	keyed bool
	key   keyHash // if it is keyed
}

// newest returns the newest id, or base.
func (r *memoryRoom) newest() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// oldestLocked returns the id of the oldest message in history, or the next id if there is none.
func (r *memoryRoom) oldestLocked() int64 { return r.last - int64(r.messages.Len()) + 1 }

// messagesLocked returns n messages, the first of which has the id first.
func (r *memoryRoom) messagesLocked(first int64, n int) []*wire.Message {
	found := make([]*wire.Message, n)
	for i := range found {
		found[i] = r.messages.At(int(first-r.oldestLocked()) + i).Message
	}
	return found
}

// addLocked stores the newest message and its key, and drops the oldest message if there are too
// many.
func (j *Memory) addLocked(r *memoryRoom, k keyedMessage) {
	for r.messages.Len() > 0 && r.messages.Len() >= j.retention.Messages {
		j.dropLocked(r, k.At)
	}
	if k.keyed {
		j.keys.add(k.key, k.ID)
	}
	switch {
	case j.retention.Messages > 0:
		r.messages.Push(k)
	case k.keyed:
		j.keys.forget(k.key, k.At, k.At)
	}
}

// dropLocked drops the oldest message. Its key is kept until it is KeyLife old.
func (j *Memory) dropLocked(r *memoryRoom, now time.Time) {
	if k := r.messages.Pop(); k.keyed {
		j.keys.forget(k.key, k.At, now)
	}
}

// expireLocked drops the messages that are older than the retention age.
func (j *Memory) expireLocked(r *memoryRoom, now time.Time) {
	if j.retention.Age <= 0 {
		return
	}
	for r.messages.Len() > 0 && now.Sub(r.messages.At(0).At) > j.retention.Age {
		j.dropLocked(r, now)
	}
}

// count returns the number of messages of a room that are not too old.
func (j *Memory) count(r *memoryRoom, now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.expireLocked(r, now)
	return r.messages.Len()
}

// clear drops all messages.
func (j *Memory) clear(r *memoryRoom, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.messages.Len() > 0 {
		j.dropLocked(r, now)
	}
}
