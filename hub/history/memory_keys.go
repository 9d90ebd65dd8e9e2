package history

import (
	"sync"
	"time"

	"partyline/hub/history/ring"
)

const (
	// KeyLife is how long a key is kept at the least.
	KeyLife = 10 * time.Minute
	// maxOldKeys bounds the keys in memory of messages that are no longer there. They take
	// some 30 MB.
	maxOldKeys = 1 << 17
)

// oldKeys has the keys of messages that a Memory no longer has, of all rooms together: each
// for KeyLife at least, but if there are too many, those that came first are dropped.
type oldKeys struct {
	mu    sync.Mutex // taken after a room's
	ids   map[roomKey]int64
	queue ring.Ring[oldKey] // the keys of ids, in the order in which they came
	max   int
}

type roomKey struct{ room, key string }

type oldKey struct {
	roomKey
	at time.Time // of the message
}

// find returns the id of the message that came with a key.
func (o *oldKeys) find(key roomKey, now time.Time) (id int64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.queue.Len() > 0 && now.Sub(o.queue.At(0).at) >= KeyLife {
		o.drop()
	}
	id, ok = o.ids[key]
	return id, ok
}

// add keeps the key of a message, which is not there yet.
func (o *oldKeys) add(key roomKey, id int64, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queue.Len() >= o.max {
		o.drop()
	}
	o.ids[key] = id
	o.queue.Push(oldKey{key, at})
}

// drop drops the oldest key. o.mu is held.
func (o *oldKeys) drop() { delete(o.ids, o.queue.Pop().roomKey) }
