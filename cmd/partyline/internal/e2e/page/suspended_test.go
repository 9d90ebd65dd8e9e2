package page

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

// TestSuspended stops the program for 20 seconds, as a debugger or a full host does. Who
// is well is not cut off when it goes on: neither who was quiet, nor who was behind when
// it stopped and read meanwhile. What was said meanwhile is heard.
func TestSuspended(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	const stopped = 20 * time.Second // longer than any timeout of a write
	p := harness.StartProgram(t, "--rate", "0")
	quiet, talker := harness.DialText(t, p.TCP), harness.DialText(t, p.TCP)
	bot := harness.DialBot(t, "ws://"+p.HTTP+"/ws")
	harness.ExpectLine(t, quiet.Out, harness.WelcomeLine)
	harness.ExpectLine(t, talker.Out, harness.WelcomeLine)
	bot.ExpectType(t, "welcome")

	behind := harness.Dial(t, p.TCP)
	if err := behind.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	io.WriteString(behind, "/nick behind\n")
	harness.ExpectLine(t, talker.Out, `\* \S+ is now known as behind`)
	line := append(bytes.Repeat([]byte("a"), 1000), '\n')
	if _, err := talker.Conn.Write(bytes.Repeat(line, 300)); err != nil { // more than the kernel takes for it
		t.Fatal(err)
	}
	talker.Say(t, "that was much")
	harness.ExpectLine(t, quiet.Out, `\S+: that was much`)

	p.Signal(t, syscall.SIGSTOP)
	talker.Say(t, "said while it was stopped")
	resumed := time.AfterFunc(stopped, func() { p.Cmd.Process.Signal(syscall.SIGCONT) })
	defer resumed.Stop()
	var heard strings.Builder
	behind.SetReadDeadline(time.Now().Add(stopped + harness.Patience))
	buf := make([]byte, 64<<10)
	for !strings.Contains(heard.String(), "said while it was stopped") {
		n, err := behind.Read(buf)
		heard.Write(buf[:n])
		if err != nil {
			t.Fatalf("who was behind: %v, after %d bytes", err, heard.Len())
		}
	}
	if n := strings.Count(heard.String(), strings.Repeat("a", 1000)); n != 300 {
		t.Errorf("who was behind heard %d messages of 300", n)
	}
	harness.ExpectLine(t, quiet.Out, `\S+: said while it was stopped`)
	bot.Expect(t, "what was said meanwhile", func(e harness.Event) bool { return e.Text == "said while it was stopped" })
	for i, c := range []*harness.TextClient{quiet, talker} {
		c.Say(t, fmt.Sprint("still here ", i))
		bot.Expect(t, "who is still here", func(e harness.Event) bool { return e.Text == fmt.Sprint("still here ", i) })
	}
}
