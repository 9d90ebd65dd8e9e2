package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"partyline/hub"
)

// TestTogether has somebody say lines that came together: they go out together, however
// large the room is.
func TestTogether(t *testing.T) {
	for _, crowd := range []int{1, 10, 300} {
		t.Run(fmt.Sprint(crowd), func(t *testing.T) {
			inHouse(t, hub.Options{}, func(h *house) {
				ann := h.named("ann")
				for i := range crowd - 1 {
					h.named(fmt.Sprint("p", i))
				}
				bob := h.named("bob")
				ann.Heard()
				before := ann.Writes()
				bob.Say("one", "two", "three", "four")
				ann.hears("bob: one", "bob: two", "bob: three", "bob: four")
				if n := ann.Writes() - before; n != 1 {
					t.Errorf("it took %d writes", n)
				}
			})
		})
	}
}

// TestNotHeldBack has lines that came together ask for other things in between: what was
// said before is heard, though what follows takes the speaker elsewhere.
func TestNotHeldBack(t *testing.T) {
	for _, then := range []string{"/join ops", "/quit", "/nick rob", "/who", "/nonsense", "/msg ann psst", "/format json", "\xff"} {
		t.Run(then, func(t *testing.T) {
			inHouse(t, hub.Options{}, func(h *house) {
				ann, bob := h.named("ann"), h.named("bob")
				ann.Heard()
				bob.Say("one", then)
				synctest.Wait()
				if heard := ann.Heard(); len(heard) == 0 || heard[0] != "bob: one" {
					t.Errorf("heard %q", heard)
				}
			})
		})
	}
}

// TestSaidAndGone has somebody say lines and leave, all at once.
func TestSaidAndGone(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.Heard()
		bob.Say("one", "two")
		bob.Leave()
		ann.hears("bob: one", "bob: two", "* bob has left")
		bob.hears("bob: one", "bob: two")
	})
}
