package history

import (
	"sync"
	"time"

	"partyline/hub/history/ring"
)

const (
	// KeyLife is the least time for which a room has a key, from the message that had it.
	KeyLife = 10 * time.Minute
	// maxOldKeys bounds the old keys of a Memory. They take some 30 MB.
	maxOldKeys = 1 << 17
)

// memoryKeys has the keys of all rooms of a Memory. The key of a message that is no longer in history is old. An
// old key is dropped when it is KeyLife old. If there are too many old keys the oldest is dropped.
type memoryKeys struct {
	mu  sync.Mutex // taken after memoryRoom.mu
	ids map[roomKey]int64
	old ring.Ring[oldKey] // in the order in which they became old
	max int               // of old keys
}

type roomKey struct{ room, key string }

type oldKey struct {
	roomKey
	at time.Time // of the message
}

// find returns the id of the message that was appended with a key.
func (k *memoryKeys) find(key roomKey, now time.Time) (id int64, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.old.Len() > 0 && now.Sub(k.old.At(0).at) >= KeyLife {
		k.dropLocked()
	}
	id, ok = k.ids[key]
	return id, ok
}

// add adds a key, which must not be there yet.
func (k *memoryKeys) add(key roomKey, id int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ids[key] = id
}

// forget makes the key of a message old, or drops it. The message is no longer in history.
func (k *memoryKeys) forget(key roomKey, at, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(at) >= KeyLife {
		delete(k.ids, key)
		return
	}
	if k.old.Len() >= k.max {
		k.dropLocked()
	}
	k.old.Push(oldKey{key, at})
}

// dropLocked drops the oldest of the old keys.
func (k *memoryKeys) dropLocked() { delete(k.ids, k.old.Pop().roomKey) }
