package chat

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// startSend starts partyline send with an input.
func startSend(t *testing.T, input string, args ...string) *harness.Process {
	t.Helper()
	p := harness.StartPartyline(t, nil, append([]string{"send"}, args...)...)
	go func() {
		io.WriteString(p.Stdin, input)
		p.Stdin.Close()
	}()
	return p
}

// TestSend runs partyline send with a text and with lines, over both transports. It prints the ids of the
// messages, in order, and exits with status 0.
func TestSend(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.Rate = 0 })
	nc, _ := harness.Netcat(t, s.TCP)
	observer := harness.DialBot(t, "ws://"+s.HTTP+"/ws")
	const n = 2000
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "line %d\n\n", i)
	}
	for _, c := range []struct {
		name, input string
		args        []string
		want        []string
	}{
		{"text", "not read\n", []string{s.TCP, "deploy", "done"}, []string{"deploy done"}},
		{"text of two lines", "", []string{s.TCP, "one\ntwo"}, []string{"one\ntwo"}},
		{"a command as it is", "/quit\n", []string{"ws://" + s.HTTP}, []string{"/quit"}},
		{"no line ending", "one\r\n  \ntwo", []string{"tcp://" + s.TCP}, []string{"one", "two"}},
		{"lines", lines.String(), []string{"http://" + s.HTTP + "/"}, strings.Split(strings.TrimSpace(lines.String()), "\n\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := startSend(t, c.input, append(c.args, "--nick", "web1")...)
			var ids []string
			for _, want := range c.want {
				m := observer.Expect(t, "a message", func(e harness.Event) bool { return e.Type == "message" })
				if m.Text != want || m.From != "web1" {
					t.Fatalf("received %+v, want %q", m, want)
				}
				ids = append(ids, fmt.Sprint(m.ID))
			}
			if code := p.ExitCode(t, harness.Patience); code != 0 {
				t.Errorf("exit status %d: %s", code, p.Err)
			}
			if printed, _ := p.Out.Rest(t); strings.Join(printed, " ") != strings.Join(ids, " ") {
				t.Errorf("it printed %.200q, want %.200q", printed, ids)
			}
			harness.ExpectLine(t, nc.Out, `\* web1 has left`)
		})
	}
}

// TestSendStatus checks the exit statuses of partyline send, and its messages.
func TestSendStatus(t *testing.T) {
	s := harness.StartServer(t, nil)
	unused := harness.FreeAddr(t)
	mute := harness.ListenAndSend(t, harness.FakeWelcome, false)
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		input  string
		args   []string
		status int
		want   string // on standard error
	}{
		{"", nil, 2, "partyline: send needs an address, as in: partyline send host:4000 TEXT"},
		{"", []string{s.TCP, "--wait", "soon"}, 2, "partyline: --wait \"soon\" is not a duration"},
		{"", []string{"ftp://chat.example", "x"}, 2, "partyline: address "},
		{"", []string{unused, "x"}, 3, "connection refused: nothing listens there"},
		{"", []string{s.HTTP, "x"}, 3, "it is a web server"},
		{"", []string{s.TCP, "--nick", "server", "x"}, 4, "server is reserved"},
		{"", []string{"ws://" + s.HTTP, "--room", "#ops", "x"}, 4, "not a room"},
		{"", []string{s.TCP, long}, 4, "partyline: line too long: at most 4096 bytes"},
		{"one\n" + long + "\ntwo\n", []string{s.TCP}, 4, "partyline: line 2: line too long: at most 4096 bytes"},
		{"one\ntwo\n", []string{mute, "--wait", "50ms"}, 5, "partyline: not acknowledged: 2"},
	} {
		p := startSend(t, c.input, c.args...)
		code := p.ExitCode(t, harness.Patience)
		lines, _ := p.Err.Rest(t)
		if code != c.status || len(lines) != 1 || !strings.Contains(lines[0], c.want) {
			t.Errorf("send %.60q: exit status %d, want %d; it printed %q, want %q", c.args, code, c.status, lines, c.want)
		}
	}
}
