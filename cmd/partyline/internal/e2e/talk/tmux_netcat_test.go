//go:build unix

package talk

import (
	"net"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestNetcatScreen compares the screen of netcat in a conversation. netcat does not keep what arrives apart from
// what is typed.
func TestNetcatScreen(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	host, port, _ := net.SplitHostPort(s.TCP)
	nc := harness.NeedProgram(t, "nc.openbsd", "nc")
	tt := openTerminal(t, setup{env: []string{"HOST=" + host, "PORT=" + port, "NC=" + nc}})
	tt.enter("$NC $HOST $PORT")
	tt.expect(`^\* You are guest-\w+ in #lobby`)

	bob := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, bob.Out, harness.WelcomeLine)
	bob.Say(t, "/nick bob")
	tt.expect(`is now known as bob$`)
	tt.write("hello b")
	tt.expect(`^hello b$`)
	bob.Say(t, "who is there?")
	tt.expect(`bob: who is there\?$`)
	tt.enter("ob")
	tt.expect(`^guest-\w+: hello bob$`)
	bob.Say(t, "/quit good night")
	tt.expect(`good night`)
	compareGolden(t, "netcat.screen", tt.screen())
}
