package harness

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// SayNumbered says n messages "PREFIX N" with N from 0. It waits until the client has received them, and
// returns them.
func SayNumbered(t *testing.T, nc *Process, prefix string, n int) (said []string) {
	t.Helper()
	for i := range n {
		said = append(said, fmt.Sprintf("%s %d", prefix, i))
		nc.Say(t, said[i])
	}
	ExpectLine(t, nc.Out, `\S+: `+said[n-1])
	return said
}

// SayAndLeave pipes a message without a line ending into netcat, which exits at the end of its input. It
// checks what that client and listener receive.
func SayAndLeave(t *testing.T, addr string, listener *Process) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	nc := NeedProgram(t, "nc.openbsd", "nc")

	sender := Start(t, "sh", "-c", `printf bye | "$0" -N "$1" "$2"`, nc, host, port)
	nick := ExpectLine(t, sender.Out, WelcomeLine)[0]
	if code := sender.ExitCode(t, Patience); code != 0 {
		t.Errorf("nc -N ended with exit code %d", code)
	}
	lines, end := sender.Out.Rest(t)
	if !slices.Contains(lines, nick+": bye") || strings.Contains(strings.Join(lines, "\n"), "goodbye") || end != io.EOF {
		t.Errorf("nc -N received %q and ended with %v", lines, end)
	}
	ExpectLine(t, listener.Out, nick+": bye")
	ExpectLine(t, listener.Out, `\* `+nick+" has left")
}

// Freeze connects a client over each transport that does not read, and says more than the kernel buffers for
// it.
func Freeze(t *testing.T, p *Program) {
	t.Helper()
	for _, conn := range []*net.TCPConn{Dial(t, p.TCP), DialRawWebSocket(t, p.HTTP)} {
		if err := conn.SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
	}
	talker := DialText(t, p.TCP)
	ExpectLine(t, talker.Out, WelcomeLine)
	for members := 0; members < 3; { // all clients must have joined before the messages
		talker.Say(t, "/who")
		members = len(strings.Split(ExpectLine(t, talker.Out, "= (.*)")[0], ", "))
	}
	line := append(bytes.Repeat([]byte("a"), 1000), '\n')
	if _, err := talker.Conn.Write(bytes.Repeat(line, 1000)); err != nil {
		t.Fatal(err)
	}
	talker.Say(t, "that was much")
	ExpectLine(t, talker.Out, `\S+: that was much`)
}
