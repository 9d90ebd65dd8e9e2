package ring_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"partyline/hub/history/ring"
)

// TestRing does at random what can be done to a ring, and the same to a slice.
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
				t.Fatalf("%d comes out, not %d", got, want[0])
			}
			want = want[1:]
		}
		if r.Len() != len(want) {
			t.Fatalf("%d elements, not %d", r.Len(), len(want))
		}
		for i, x := range want {
			if r.At(i) != x {
				t.Fatalf("element %d is %d, not %d", i, r.At(i), x)
			}
		}
	}
}
