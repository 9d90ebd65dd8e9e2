package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSuspended stops the program for 20 seconds, as a debugger or a full host does. Who
// is well is not cut off when it goes on: neither who was quiet, nor who was behind when
// it stopped and read meanwhile. What was said meanwhile is heard.
func TestSuspended(t *testing.T) {
	t.Parallel()
	const stopped = 20 * time.Second // longer than any timeout of a write
	p := startProgram(t, "--rate", "0")
	quiet, talker := call(t, p.tcp), call(t, p.tcp)
	bot := dialBot(t, "ws://"+p.http+"/ws")
	expectLine(t, quiet.out, welcomed)
	expectLine(t, talker.out, welcomed)
	bot.expectType(t, "welcome")

	behind := dial(t, p.tcp)
	if err := behind.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	io.WriteString(behind, "/nick behind\n")
	expectLine(t, talker.out, `\* \S+ is now known as behind`)
	line := append(bytes.Repeat([]byte("a"), 1000), '\n')
	if _, err := talker.conn.Write(bytes.Repeat(line, 300)); err != nil { // more than the kernel takes for it
		t.Fatal(err)
	}
	talker.say(t, "that was much")
	expectLine(t, quiet.out, `\S+: that was much`)

	p.signal(t, syscall.SIGSTOP)
	talker.say(t, "said while it was stopped")
	resumed := time.AfterFunc(stopped, func() { p.cmd.Process.Signal(syscall.SIGCONT) })
	defer resumed.Stop()
	var heard strings.Builder
	behind.SetReadDeadline(time.Now().Add(stopped + patience))
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
	expectLine(t, quiet.out, `\S+: said while it was stopped`)
	bot.expect(t, "what was said meanwhile", func(e event) bool { return e.Text == "said while it was stopped" })
	for i, c := range []*caller{quiet, talker} {
		c.say(t, fmt.Sprint("still here ", i))
		bot.expect(t, "who is still here", func(e event) bool { return e.Text == fmt.Sprint("still here ", i) })
	}
}
