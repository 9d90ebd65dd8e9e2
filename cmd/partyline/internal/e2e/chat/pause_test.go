package chat

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestPausedReader has a client not read for 3 seconds while another one sends a megabyte. It misses
// no message and is not disconnected.
func TestPausedReader(t *testing.T) {
	harness.Long(t)
	for _, size := range []int{100, 1000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := harness.StartServer(t, nil)
			reader, sender := harness.Dial(t, s.TCP), harness.DialText(t, s.TCP)
			harness.ExpectLine(t, sender.Out, harness.WelcomeLine)
			lines := bufio.NewReader(reader)
			if _, err := lines.ReadString('\n'); err != nil { // the welcome
				t.Fatal(err)
			}
			n := 1_000_000 / size
			var burst bytes.Buffer
			for i := range n {
				fmt.Fprintf(&burst, "%0*d\n", size-1, i)
			}
			sender.Say(t, "here it comes")
			if _, err := sender.Conn.Write(burst.Bytes()); err != nil {
				t.Fatal(err)
			}
			sender.Say(t, "that was it")
			harness.ExpectLine(t, sender.Out, `\S+: that was it`)
			time.Sleep(3 * time.Second) // the pause that is tested
			reader.SetReadDeadline(time.Now().Add(harness.Patience))
			for next := 0; ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					t.Fatalf("after %d lines: %v", next, err)
				}
				_, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
				switch {
				case text == "that was it":
					if next != n {
						t.Errorf("%d of %d lines arrived", next, n)
					}
					return
				case text == fmt.Sprintf("%0*d", size-1, next):
					next++
				case strings.HasPrefix(line, "--"):
					t.Fatalf("after %d lines: %s", next, line)
				}
			}
		})
	}
}
