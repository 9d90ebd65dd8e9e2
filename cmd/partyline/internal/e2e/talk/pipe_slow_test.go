//go:build unix

package talk

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestPipeSlowReader reads nothing of what talk prints until all lines are said. The server keeps less for slow
// readers than that, and so does the client. In the end every line comes, once and in order.
func TestPipeSlowReader(t *testing.T) {
	harness.SkipIfShort(t)
	const lines = 40_000
	s := harness.StartServer(t, func(c *app.Config) {
		c.History.Messages = 2 * lines
		c.Limits.Window = 64 << 10
	})
	pad := strings.Repeat("x", 100)
	var input bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&input, "line %d %s\n", i, pad)
	}
	for _, own := range []bool{true, false} { // whether talk says the lines, or another client
		cmd := talkCommand(t, s.TCP, "--room", fmt.Sprint("own-", own))
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, unread, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		cmd.Stdout = unread
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		unread.Close()
		printed := bufio.NewReader(out)
		printed.ReadString('\n') // the welcome
		observer := harness.DialText(t, s.TCP)
		observer.Say(t, fmt.Sprint("/join own-", own))
		harness.ExpectLine(t, observer.Out, `\* You are .* in #own-.*`)
		if own {
			go func() {
				in.Write(input.Bytes())
				in.Close()
			}()
		} else {
			talker := harness.DialText(t, s.TCP)
			talker.Say(t, fmt.Sprint("/join own-", own))
			harness.ExpectLine(t, talker.Out, `\* You are .* in #own-.*`)
			go talker.Conn.Write(input.Bytes())
		}
		harness.ExpectLine(t, observer.Out, fmt.Sprintf(`.* line %d x*`, lines-1))
		n := 0
		for {
			line, err := printed.ReadString('\n')
			if err != nil {
				break
			}
			if strings.Contains(line, fmt.Sprintf(": line %d x", n)) {
				if n++; n == lines {
					in.Close()
				}
			} else if line[0] != '*' {
				t.Fatalf("it printed %.100q instead of line %d", line, n)
			}
		}
		if err := cmd.Wait(); err != nil || n != lines {
			t.Errorf("own %v: it printed %d lines of %d: %v", own, n, lines, err)
		}
	}
}
