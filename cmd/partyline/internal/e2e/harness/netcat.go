package harness

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// Netcat starts netcat as a client. It returns the process and its nickname.
func Netcat(t *testing.T, addr string) (p *Process, nick string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	p = Start(t, NeedProgram(t, "nc.openbsd", "nc"), host, port)
	return p, ExpectLine(t, p.Out, WelcomeLine)[0]
}

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
