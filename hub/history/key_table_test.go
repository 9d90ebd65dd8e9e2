package history

import (
	"maps"
	"math/rand/v2"
	"testing"
)

// TestKeyTable compares a keyTable with a map after each of many random operations. Many keys share their first slot.
func TestKeyTable(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		var table keyTable
		want := make(map[keyHash]int64)
		most := uint64(1) << rnd.IntN(12)
		key := func() keyHash { return keyHash{rnd.Uint64N(most) << rnd.IntN(3), rnd.Uint64N(3)} }
		for range 5000 {
			h := key()
			if id := rnd.Int64N(1<<40) + 1; rnd.IntN(2) == 0 {
				table.put(h, id)
				want[h] = id
			} else {
				table.remove(h)
				delete(want, h)
			}
			h = key()
			id, ok := table.find(h)
			if wantID, wantOK := want[h]; id != wantID || ok != wantOK {
				t.Fatalf("seed %d: found %d, %v for %v, want %d, %v", seed, id, ok, h, wantID, wantOK)
			}
		}
		got := make(map[keyHash]int64)
		for _, s := range table.slots {
			if s.id != 0 {
				got[s.hash] = s.id
			}
		}
		if !maps.Equal(got, want) || table.n != len(want) {
			t.Fatalf("seed %d: %d keys, want %d", seed, table.n, len(want))
		}
	}
}
