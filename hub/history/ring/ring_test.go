package ring_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"partyline/hub/history/ring"
)

// TestRing compares a ring with a slice after each of many random operations.
func TestRing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var r ring.Ring[int]
	var want []int
	for i := range 10_000 {
		switch op := random.IntN(7); {
		case op < 2:
			r.Push(i)
			want = append(want, i)
		case op < 4:
			r.PushFront(i)
			want = slices.Insert(want, 0, i)
		case r.Len() > 0:
			if got := r.Pop(); got != want[0] {
				t.Fatalf("popped %d, want %d", got, want[0])
			}
			want = want[1:]
		}
		if r.Len() != len(want) {
			t.Fatalf("%d elements, want %d", r.Len(), len(want))
		}
		for i, x := range want {
			if r.At(i) != x {
				t.Fatalf("element %d is %d, want %d", i, r.At(i), x)
			}
		}
	}
}
