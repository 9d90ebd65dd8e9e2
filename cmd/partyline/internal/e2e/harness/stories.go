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

// SayNumbered says n messages, waits until the client has received them, and returns them.
func SayNumbered(t *testing.T, nc *Process, about string, n int) (said []string) {
	t.Helper()
	for i := range n {
		said = append(said, fmt.Sprintf("%s %d", about, i))
		nc.Say(t, said[i])
	}
	ExpectLine(t, nc.Out, `\S+: `+said[n-1])
	return said
}

// SayAndLeave pipes a message without a line ending into netcat, which then ends.
func SayAndLeave(t *testing.T, addr string, listener *Process) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	nc := NeedProgram(t, "nc.openbsd", "nc")

	passer := Start(t, "sh", "-c", `printf bye | "$0" -N "$1" "$2"`, nc, host, port)
	nick := ExpectLine(t, passer.Out, WelcomeLine)[0]
	if code := passer.ExitCode(t, Patience); code != 0 {
		t.Errorf("nc -N ended with exit code %d", code)
	}
	lines, end := passer.Out.Rest(t)
	if !slices.Contains(lines, nick+": bye") || strings.Contains(strings.Join(lines, "\n"), "goodbye") || end != io.EOF {
		t.Errorf("nc -N got %q and then %v", lines, end)
	}
	ExpectLine(t, listener.Out, nick+": bye")
	ExpectLine(t, listener.Out, `\* `+nick+" has left")
}

// Freeze connects a client over each transport that never reads, and says more than the kernel
// buffers for them.
func Freeze(t *testing.T, p *Program) {
	t.Helper()
	for _, frozen := range []*net.TCPConn{Dial(t, p.TCP), DialRawWebSocket(t, p.HTTP)} {
		if err := frozen.SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
	}
	talker := DialText(t, p.TCP)
	ExpectLine(t, talker.Out, WelcomeLine)
	for here := 0; here < 3; { // a client that joins later would miss what is said
		talker.Say(t, "/who")
		here = len(strings.Split(ExpectLine(t, talker.Out, "= (.*)")[0], ", "))
	}
	line := append(bytes.Repeat([]byte("a"), 1000), '\n')
	if _, err := talker.Conn.Write(bytes.Repeat(line, 1000)); err != nil {
		t.Fatal(err)
	}
	talker.Say(t, "that was much")
	ExpectLine(t, talker.Out, `\S+: that was much`)
}
