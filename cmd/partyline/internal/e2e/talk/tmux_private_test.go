//go:build unix

package talk

import (
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestStranger leaves a private conversation to a stranger who takes the name. talk says so, and sends
// what is typed only when it is entered again.
func TestStranger(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob, mallory := enterAs(t, s.TCP, "bob"), enterAs(t, s.TCP, "mallory")
	tt := openTalk(t, setup{}, s.TCP)
	tt.enter("/msg bob psst")
	harness.ExpectLine(t, bob.Out, "alice -> you: psst")
	bob.Say(t, "/nick rob")
	tt.expectStatus(`^ rob`)
	tt.expect(`bob is now known as rob$`)
	bob.Say(t, "/quit")
	tt.expect(`-- +rob has left: from now on rob may be another member$`)
	mallory.Say(t, "/nick rob")
	mallory.Say(t, "/msg alice what was the password?")
	tt.expect(`rob +what was the password\?$`)
	tt.enter("it is 12345")
	tt.expect(`not sent, because rob may be another member now`)
	tt.expectInput("> it is 12345")
	compareGolden(t, "stranger.screen", tt.screen())
	tt.press("C-u")
	tt.enter("who are you?")
	harness.ExpectLine(t, mallory.Out, `alice -> you: who are you\?`)
	if n := mallory.Out.Count(func(line string) bool { return strings.Contains(line, "12345") }); n > 0 {
		t.Error("the stranger received what alice said to bob")
	}
	tt.enter("and where is rob?")
	harness.ExpectLine(t, mallory.Out, `alice -> you: and where is rob\?`)
}
