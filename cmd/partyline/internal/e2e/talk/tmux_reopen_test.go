//go:build unix

package talk

import (
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestReopen leaves with several rooms open, and returns: talk opens the same rooms, shows the same one, and shows in
// each what was missed.
func TestReopen(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob, carol := enterAs(t, s.TCP, "bob"), enterAs(t, s.TCP, "carol")
	carol.Say(t, "/join ops")
	tt := openTalk(t, setup{}, s.TCP)
	for _, room := range []string{"empty", "closed", "ops"} {
		tt.enter("/join " + room)
		tt.expectStatus(`^ #` + room + ` +connected`)
	}
	carol.Say(t, "read in ops")
	tt.expect(`carol +read in ops$`)
	tt.press("M-3")
	tt.expectStatus(`^ #closed +connected`)
	tt.enter("/close")
	tt.expectStatus(`^ #ops +connected`)
	tt.press("M-1")
	tt.expectStatus(`^ #lobby +connected`)
	tt.press("C-c")
	tt.expect(`^\$$`)

	say := func(c *harness.TextClient, nick string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			c.Say(t, text)
			harness.ExpectLine(t, c.Out, nick+": "+text)
		}
	}
	say(bob, "bob", "missed in the lobby")
	say(carol, "carol", "missed in ops", "alice: missed too")
	bob.Say(t, "/join empty")
	say(bob, "bob", "no longer empty")
	tt.runTalk()
	tt.expectStatus(`^ #lobby +connected .* 2:#empty 1  3:#ops 2!$`)
	tt.expect(`(?s)── new ─+\n[^\n]* bob +missed in the lobby$`)
	tt.press("M-2")
	tt.expectStatus(`^ #empty`)
	tt.expect(`(?s)── new ─+\n[^\n]* bob +no longer empty$`)
	tt.press("M-3")
	tt.expectStatus(`^ #ops +connected .* 1:#lobby  2:#empty$`)
	tt.expect(`(?s) read in ops\n.*── new ─+\n[^\n]* missed in ops\n[^\n]* alice: missed too$`)
	if screen := tt.screen(); strings.Contains(screen, "closed") {
		t.Errorf("the closed room is open again:\n%s", screen)
	}
	compareGolden(t, "reopen.screen", tt.screen())

	tt.press("C-c")
	tt.expect(`^\$$`)
	tt.runTalk("--room new")
	tt.expectStatus(`^ #new +connected .* 1:#lobby  2:#empty  3:#ops$`)
}
