package chat

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestSayAndLeave pipes a message into netcat, as scripts do. netcat sends the message, receives it, and exits.
func TestSayAndLeave(t *testing.T) {
	s := harness.StartServer(t, nil)
	listener, _ := harness.Netcat(t, s.TCP)
	harness.SayAndLeave(t, s.TCP, listener)
}

// TestFollowedFile pipes a growing file into the room. Every line arrives, in order.
func TestFollowedFile(t *testing.T) {
	s := harness.StartServer(t, nil)
	reader, _ := harness.Netcat(t, s.TCP)

	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	host, port, _ := net.SplitHostPort(s.TCP)
	nc := harness.NeedProgram(t, "nc.openbsd", "nc")
	harness.Start(t, "sh", "-c", `tail -n +1 -f "$3" | "$0" "$1" "$2"`, nc, host, port, log.Name())
	nick := harness.ExpectLine(t, reader.Out, `\* (\S+) has arrived`)[0]

	n := 0
	for _, growth := range []int{1, 2, 40, 1, 56} {
		for i := range growth {
			fmt.Fprintf(log, "line %d", n+i)
			fmt.Fprintf(log, " of the log\n") // a line grows in two steps
		}
		for range growth {
			if got := harness.ExpectLine(t, reader.Out, nick+`: (line \d+ of the log)`)[0]; got != fmt.Sprintf("line %d of the log", n) {
				t.Fatalf("got %q, want line %d", got, n)
			}
			n++
		}
	}
}
