package history

import (
	"hash/maphash"
	"sync"
	"time"

	"partyline/hub/history/ring"
)

const (
	// KeyLife is the least time for which a room has a key, from the message that had it.
	KeyLife = 10 * time.Minute
	// maxOldKeys bounds the old keys of a Memory. They take less than 10 MB.
	maxOldKeys = 1 << 17
)

// memoryKeys has the keys of all rooms of a Memory. The key of a message that is no longer in history is old. An
// old key is dropped when it is KeyLife old. If there are too many old keys the oldest is dropped.
//
// It keeps hashes of 128 bits instead of the keys, without a pointer, so that the garbage collector need not read
// them: there may be many. Nobody outside of the process can find two keys with one hash.
type memoryKeys struct {
	seeds [2]maphash.Seed
	start time.Time

	mu  sync.Mutex // taken after memoryRoom.mu
	ids keyTable
	old ring.Ring[oldKey] // in the order in which they became old
	max int               // of old keys
}

// A keyHash stands for a key in a room.
type keyHash [2]uint64

type oldKey struct {
	keyHash
	at time.Duration // of the message, since start
}

func newMemoryKeys(max int) memoryKeys {
	return memoryKeys{
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		start: time.Now(),
		max:   max,
	}
}

// hash returns the hash of a key in a room.
func (k *memoryKeys) hash(room, key string) (sums keyHash) {
	for i, seed := range k.seeds {
		var h maphash.Hash
		h.SetSeed(seed)
		h.WriteString(room)
		h.WriteByte(0) // which is in no name of a room
		h.WriteString(key)
		sums[i] = h.Sum64()
	}
	return sums
}

// find returns the id of the message that was appended with a key.
func (k *memoryKeys) find(key keyHash, now time.Time) (id int64, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.old.Len() > 0 && now.Sub(k.start)-k.old.At(0).at >= KeyLife {
		k.dropLocked()
	}
	return k.ids.find(key)
}

// add adds a key, which must not be there yet.
func (k *memoryKeys) add(key keyHash, id int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ids.put(key, id)
}

// forget makes the key of a message old, or drops it. The message is no longer in history.
func (k *memoryKeys) forget(key keyHash, at, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(at) >= KeyLife {
		k.ids.remove(key)
		return
	}
	if k.old.Len() >= k.max {
		k.dropLocked()
	}
	k.old.Push(oldKey{key, at.Sub(k.start)})
}

// dropLocked drops the oldest of the old keys.
func (k *memoryKeys) dropLocked() { k.ids.remove(k.old.Pop().keyHash) }
