package operate

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestGoodbye ends the program as a service manager does. Each client receives a goodbye in its own
// format, and the program exits with status 0.
func TestGoodbye(t *testing.T) {
	t.Parallel()
	const drain = 20 * time.Second
	p := harness.StartProgram(t, "--drain", drain.String())
	nc, nick := harness.Netcat(t, p.TCP)
	tcpBot, wsBot := harness.DialTCPBot(t, p.TCP), harness.DialBot(t, "ws://"+p.HTTP+"/ws")
	tcpBot.ExpectType(t, "welcome")
	wsBot.ExpectType(t, "welcome")
	nc.Say(t, "the last word")
	harness.ExpectLine(t, nc.Out, nick+": the last word")

	p.Signal(t, syscall.SIGTERM)
	if code := p.ExitCode(t, drain); code != 0 {
		t.Errorf("exit code %d", code)
	}
	// netcat notices the end of the connection when its input continues or ends.
	nc.Stdin.Close()
	nc.ExitCode(t, harness.Patience)
	harness.ExpectLast(t, nc.Out, harness.GoodbyeLine)
	for _, b := range []*harness.Bot{tcpBot, wsBot} {
		b.Expect(t, "the last word", func(e harness.Event) bool { return e.Text == "the last word" })
		if bye := b.ExpectType(t, "bye"); bye.Reason != "shutdown" || !bye.Reconnect {
			t.Errorf("the goodbye is %+v", bye)
		}
		if more, _ := b.Out.Rest(t); len(more) > 0 {
			t.Errorf("after the goodbye: got %+v", more)
		}
	}
	wsBot.ExpectClose(t, websocket.StatusServiceRestart)
	expectRefused(t, p)
}

// expectRefused checks that the program's listeners are closed.
func expectRefused(t *testing.T, p *harness.Program) {
	t.Helper()
	for _, addr := range []string{p.TCP, p.HTTP} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Errorf("%s still accepts connections", addr)
		}
	}
}

// TestDrainTimeout ends the program while two clients do not read. It accepts no new connections,
// and disconnects the two after the drain time.
func TestDrainTimeout(t *testing.T) {
	t.Parallel()
	const drain = 2 * time.Second
	p := harness.StartProgram(t, "--drain", drain.String(), "--rate", "0")
	harness.DialFrozen(t, p)
	p.Signal(t, syscall.SIGTERM)
	start := time.Now()
	harness.ExpectLine(t, p.Err, `.*msg=draining .*`)
	if !harness.Eventually(func() bool { return !harness.Accepts(p.TCP) && !harness.Accepts(p.HTTP) }) {
		t.Error("connections are accepted while the program drains")
	}
	if code := p.ExitCode(t, drain+harness.Slack); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(start); took < drain {
		t.Errorf("the program ended after %v, before the drain time", took)
	}
	harness.ExpectLine(t, p.Err, `.*level=WARN msg="drain timed out" .*`)
}

// TestSecondSignal ends the program at once with a second signal.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := harness.StartProgram(t, "--drain", "1m", "--rate", "0")
	harness.DialFrozen(t, p)
	p.Signal(t, syscall.SIGTERM)
	harness.ExpectLine(t, p.Err, `.*msg=draining .*`)
	p.Signal(t, syscall.SIGINT)
	if code := p.ExitCode(t, harness.Slack); code != 1 {
		t.Errorf("exit code %d", code)
	}
	harness.ExpectLast(t, p.Err, "partyline: ended at once by a second signal")
}
