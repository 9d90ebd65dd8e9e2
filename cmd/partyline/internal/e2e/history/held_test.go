//go:build linux

package history

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// warning is what a client prints when the server can't store a message.
const warning = `partyline: not said: history can't take it now, .*; partyline tries again by itself`

// TestHeld makes the disk fail while send and talk say lines in a pipe. They keep the lines, and when the disk has
// recovered the history has every line once and in order.
func TestHeld(t *testing.T) {
	for _, command := range []string{"send", "talk"} {
		for _, atOnce := range []int{1, 300} { // lines of which none is acknowledged
			t.Run(fmt.Sprint(command, atOnce), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				server := harness.StartProgram(t, "--data", dir, "--rate", "0")
				p := harness.StartPartyline(t, []string{"XDG_STATE_HOME=" + t.TempDir()}, command, server.TCP, "--nick", "web1")
				said := 0
				say := func(n int) {
					t.Helper()
					var lines strings.Builder
					for range n {
						fmt.Fprintf(&lines, "line %d\n", said)
						said++
					}
					if _, err := io.WriteString(p.Stdin, lines.String()); err != nil {
						t.Fatal(err)
					}
				}
				printed := map[string]string{"send": `\d+`, "talk": `web1: line \d+`}[command]
				say(3)
				for range said {
					harness.ExpectLine(t, p.Out, printed)
				}
				heal := breakDisk(t, server, "error=EIO")
				say(atOnce)
				harness.ExpectLine(t, p.Err, warning)
				say(2)
				p.Stdin.Close()
				heal()
				if code := p.ExitCode(t, harness.Patience); code != 0 {
					t.Errorf("exit status %d: %s", code, p.Err)
				}
				if lines := p.Err.All(); len(lines) != 1 {
					t.Errorf("it warns with %q", lines)
				}
				server.Stop(t)
				stored := onDisk(t, dir, "lobby")
				for i, m := range stored {
					if want := fmt.Sprint("line ", i); m.Text != want {
						t.Fatalf("line %d of the history is %q", i, m.Text)
					}
				}
				if len(stored) != said {
					t.Errorf("the history has %d lines of %d", len(stored), said)
				}
			})
		}
	}
}

// TestHeldForTooLong has a disk that does not recover. After --wait the command says why and exits with status 5.
func TestHeldForTooLong(t *testing.T) {
	t.Parallel()
	server := harness.StartProgram(t, "--data", t.TempDir())
	breakDisk(t, server, "error=EIO")
	for _, args := range [][]string{{"send", server.TCP, "--wait", "3s", "hello"}, {"talk", server.TCP, "--wait", "3s"}} {
		p := harness.StartPartyline(t, []string{"XDG_STATE_HOME=" + t.TempDir()}, args...)
		io.WriteString(p.Stdin, "hello\n")
		p.Stdin.Close()
		if code := p.ExitCode(t, harness.Patience); code != 5 {
			t.Errorf("%s: exit status %d", args[0], code)
		}
		harness.ExpectLine(t, p.Err, warning)
		harness.ExpectLine(t, p.Err, `partyline: not acknowledged: 1 \(not said: history can't take it now, .*\)`)
		if lines := p.Err.All(); len(lines) != 2 {
			t.Errorf("%s: it prints %q", args[0], lines)
		}
	}
}
