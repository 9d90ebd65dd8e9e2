//go:build unix

package operate

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestSuspendedProgram stops the program for 20 seconds, as a debugger or an overloaded host does. When it
// continues it disconnects neither idle clients nor a lagging client that read in the meantime, and
// delivers the messages that were sent while it was stopped.
func TestSuspendedProgram(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	const stopped = 20 * time.Second // longer than any write timeout
	p := harness.StartProgram(t, "--rate", "0")
	idle, sender := harness.DialText(t, p.TCP), harness.DialText(t, p.TCP)
	bot := harness.DialBot(t, "ws://"+p.HTTP+"/ws")
	harness.ExpectLine(t, idle.Out, harness.WelcomeLine)
	harness.ExpectLine(t, sender.Out, harness.WelcomeLine)
	bot.ExpectType(t, "welcome")

	lagging := harness.Dial(t, p.TCP)
	if err := lagging.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	io.WriteString(lagging, "/nick behind\n")
	harness.ExpectLine(t, sender.Out, `\* \S+ is now known as behind`)
	line := append(bytes.Repeat([]byte("a"), 1000), '\n')
	if _, err := sender.Conn.Write(bytes.Repeat(line, 300)); err != nil { // more than the kernel buffers
		t.Fatal(err)
	}
	sender.Say(t, "that was much")
	harness.ExpectLine(t, idle.Out, `\S+: that was much`)

	p.Signal(t, syscall.SIGSTOP)
	sender.Say(t, "said while it was stopped")
	resumed := time.AfterFunc(stopped, func() { p.Cmd.Process.Signal(syscall.SIGCONT) })
	defer resumed.Stop()
	var received strings.Builder
	lagging.SetReadDeadline(time.Now().Add(stopped + harness.Patience))
	buf := make([]byte, 64<<10)
	for !strings.Contains(received.String(), "said while it was stopped") {
		n, err := lagging.Read(buf)
		received.Write(buf[:n])
		if err != nil {
			t.Fatalf("the lagging client: %v, after %d bytes", err, received.Len())
		}
	}
	if n := strings.Count(received.String(), strings.Repeat("a", 1000)); n != 300 {
		t.Errorf("the lagging client received %d messages of 300", n)
	}
	harness.ExpectLine(t, idle.Out, `\S+: said while it was stopped`)
	bot.Expect(t, "the message sent while the program was stopped", func(e harness.Event) bool { return e.Text == "said while it was stopped" })
	for i, c := range []*harness.TextClient{idle, sender} {
		c.Say(t, fmt.Sprint("still here ", i))
		bot.Expect(t, "a message after the stop", func(e harness.Event) bool { return e.Text == fmt.Sprint("still here ", i) })
	}
}
