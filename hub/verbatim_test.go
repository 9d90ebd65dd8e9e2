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

// TestVerbatim: after /verbatim no line is a command, and the other rules for lines hold.
func TestVerbatim(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		bob := h.named("bob")
		alice := h.named("alice")
		bob.Heard()
		alice.say("/verbatim now", "//verbatim", "/VERBATIM ", "/quit", "", " \t", "//who", "/verbatim", "/nick al", "/format json",
			`{"type":"quit"}`, "\x1b[1m/me\x1b[m\a", "\u200b", "/"+strings.Repeat("x", 4096), "\ufeff.")
		alice.hears(
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
		bob.hears("alice: /verbatim", "alice: /quit", "alice: //who", "alice: /verbatim", "alice: /nick al", "alice: /format json",
			`alice: {"type":"quit"}`, "alice: /me�", "alice: \ufeff.")
		bob.say("/who") // it holds for alice alone
		bob.hears("= bob, alice")
		alice.Leave()
		alice.off()
		next := h.named("alice")
		next.say("/who")
		next.hears("= bob, alice")
	})
}

// TestVerbatimKeepsPace: what is said as it is has the allowance of other lines, and needs none
// of that for names.
func TestVerbatimKeepsPace(t *testing.T) {
	inHouse(t, atRate, func(h *house) {
		bob, alice := h.named("bob"), h.named("alice")
		bob.Heard()
		alice.Say(slices.Concat([]string{"/verbatim"}, slices.Repeat([]string{"/nick x"}, 99))...)
		synctest.Wait()
		if n := len(bob.Heard()); n != 40 { // and one that is read when it may be
			t.Errorf("%d lines were heard at once", n)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if heard := bob.Heard(); len(heard) != 59 || heard[58] != "alice: /nick x" {
			t.Errorf("%d lines were heard in 6 s", len(heard))
		}
	})
}
