package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"partyline/hub"
)

// Lines that come together go out together, in rooms of any size.
func TestLinesReadTogetherAreWrittenTogether(t *testing.T) {
	for _, members := range []int{1, 10, 300} {
		t.Run(fmt.Sprint(members), func(t *testing.T) {
			withHub(t, hub.Options{}, func(h *testHub) {
				ann := h.named("ann")
				for i := range members - 1 {
					h.named(fmt.Sprint("p", i))
				}
				bob := h.named("bob")
				ann.Received()
				before := ann.Writes()
				bob.Say("one", "two", "three", "four")
				ann.expect("bob: one", "bob: two", "bob: three", "bob: four")
				if n := ann.Writes() - before; n != 1 {
					t.Errorf("it took %d writes", n)
				}
			})
		})
	}
}

// A message is delivered even if a request that came together with it takes its author out of
// the room.
func TestMessagesPrecedeLaterRequests(t *testing.T) {
	for _, then := range []string{"/join ops", "/quit", "/nick rob", "/who", "/nonsense", "/msg ann psst", "/format json", "\xff"} {
		t.Run(then, func(t *testing.T) {
			withHub(t, hub.Options{}, func(h *testHub) {
				ann, bob := h.named("ann"), h.named("bob")
				ann.Received()
				bob.Say("one", then)
				synctest.Wait()
				if received := ann.Received(); len(received) == 0 || received[0] != "bob: one" {
					t.Errorf("received %q", received)
				}
			})
		})
	}
}

// A client sends lines and closes at once. Its messages come before the notice that it has
// left.
func TestMessagesBeforeLeave(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.Received()
		bob.Say("one", "two")
		bob.Leave()
		ann.expect("bob: one", "bob: two", "* bob has left")
		bob.expect("bob: one", "bob: two")
	})
}
