package history

// A keyTable has the ids of messages by the hashes of their keys. It is a hash table with linear probing (Knuth, The
// Art of Computer Programming, volume 3, section 6.4, algorithms L and R): with a hundred thousand entries, which
// are in no cache of the CPU, an operation reads memory once, and one of a map several times.
type keyTable struct {
	slots []keySlot // as many as a power of two, of which at least a quarter is free
	n     int       // not free
}

type keySlot struct {
	hash keyHash
	id   int64 // 0 if the slot is free
}

// find returns the id of a key.
func (t *keyTable) find(h keyHash) (id int64, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	id = t.slots[t.index(h)].id
	return id, id != 0
}

// put adds a key with an id, which is not 0, or changes its id.
func (t *keyTable) put(h keyHash, id int64) {
	if 4*(t.n+1) > 3*len(t.slots) {
		t.grow()
	}
	i := t.index(h)
	if t.slots[i].id == 0 {
		t.n++
	}
	t.slots[i] = keySlot{h, id}
}

// remove removes a key, if it is there.
func (t *keyTable) remove(h keyHash) {
	if t.n == 0 {
		return
	}
	free := t.index(h)
	if t.slots[free].id == 0 {
		return
	}
	t.n--
	mask := len(t.slots) - 1
	for i := (free + 1) & mask; t.slots[i].id != 0; i = (i + 1) & mask {
		// An entry may move to the free slot if that is not before its first one.
		if first := t.slots[i].hash.first(mask); (i-first)&mask >= (i-free)&mask {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = keySlot{}
}

// index returns the index of the slot that has a key, or of the free one in which it belongs.
func (t *keyTable) index(h keyHash) int {
	mask := len(t.slots) - 1
	i := h.first(mask)
	for t.slots[i].id != 0 && t.slots[i].hash != h {
		i = (i + 1) & mask
	}
	return i
}

// first returns the index of the first slot for a key in a table of mask+1 slots.
func (h keyHash) first(mask int) int { return int(h[0]) & mask }

// grow doubles the slots.
func (t *keyTable) grow() {
	old := t.slots
	t.slots = make([]keySlot, max(2*len(old), 64))
	for _, s := range old {
		if s.id != 0 {
			t.slots[t.index(s.hash)] = s
		}
	}
}
