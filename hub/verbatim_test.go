package hub_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
)

const verbatim = "= every line that follows is said as it is, commands too: end your input to leave"

// After /verbatim no line is a command. The other rules for lines still hold.
func TestVerbatim(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob := h.named("bob")
		alice := h.named("alice")
		bob.Received()
		alice.send("/verbatim now", "//verbatim", "/VERBATIM ", "/quit", "", " \t", "//who", "/verbatim", "/nick al", "/format json",
			`{"type":"quit"}`, "\x1b[1m/me\x1b[m\a", "\u200b", "/"+strings.Repeat("x", 4096), "\ufeff.")
		alice.expect(
			"! usage: /verbatim",
			"alice: /verbatim",
			verbatim,
			"alice: /quit",
			"alice: //who",
			"alice: /verbatim",
			"alice: /nick al",
			"alice: /format json",
			`alice: {"type":"quit"}`,
			"alice: /me�",
			"! not said: nothing in it can be seen",
			"! line too long: at most 4096 bytes",
			"alice: \ufeff.",
		)
		bob.expect("alice: /verbatim", "alice: /quit", "alice: //who", "alice: /verbatim", "alice: /nick al", "alice: /format json",
			`alice: {"type":"quit"}`, "alice: /me�", "alice: \ufeff.")
		bob.send("/who") // bob is not affected
		bob.expect("= bob, alice")
		alice.Leave()
		alice.wait()
		next := h.named("alice")
		next.send("/who")
		next.expect("= bob, alice")
	})
}

// Lines after /verbatim have the allowance of other lines, and do not use that of costly
// requests.
func TestVerbatimKeepsPace(t *testing.T) {
	withHub(t, pacedOptions, func(h *testHub) {
		bob, alice := h.named("bob"), h.named("alice")
		bob.Received()
		alice.Say(slices.Concat([]string{"/verbatim"}, slices.Repeat([]string{"/nick x"}, 99))...)
		synctest.Wait()
		if n := len(bob.Received()); n != 40 { // and /verbatim
			t.Errorf("%d lines were received at once", n)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if received := bob.Received(); len(received) != 59 || received[58] != "alice: /nick x" {
			t.Errorf("%d lines were received in 6 s", len(received))
		}
	})
}
