package history

import (
	"sync"
	"time"

	"partyline/hub/history/ring"
)

const (
	// KeyLife is the least time for which a room has a key, from the message that had it.
	KeyLife = 10 * time.Minute
	// maxOldKeys bounds the oldKeys of a Memory. They take some 30 MB.
	maxOldKeys = 1 << 17
)

// oldKeys has the keys of messages that are no longer in history, of all rooms of a Memory. A
// key is dropped when it is KeyLife old. If there are too many keys the oldest is dropped.
type oldKeys struct {
	mu    sync.Mutex // taken after memoryRoom.mu
	ids   map[roomKey]int64
	queue ring.Ring[oldKey] // the keys of ids, in the order in which they were added
	max   int
}

type roomKey struct{ room, key string }

type oldKey struct {
	roomKey
	at time.Time // of the message
}

// find returns the id of the message that was appended with a key.
func (o *oldKeys) find(key roomKey, now time.Time) (id int64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.queue.Len() > 0 && now.Sub(o.queue.At(0).at) >= KeyLife {
		o.dropLocked()
	}
	id, ok = o.ids[key]
	return id, ok
}

// add adds a key, which must not be there yet.
func (o *oldKeys) add(key roomKey, id int64, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queue.Len() >= o.max {
		o.dropLocked()
	}
	o.ids[key] = id
	o.queue.Push(oldKey{key, at})
}

// dropLocked drops the oldest key.
func (o *oldKeys) dropLocked() { delete(o.ids, o.queue.Pop().roomKey) }
