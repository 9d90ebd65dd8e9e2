package main

import (
	"bytes"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// goodbye is the last line of a client in text when the server ends.
const goodbye = `-- goodbye: the server is restarting, .* --`

// slack is what a slow machine may add to the time in which the program is to end. It is
// shorter than the time after which a client that takes nothing is cut in any case.
const slack = 5 * time.Second

// program is the running program with its addresses.
type program struct {
	*process
	tcp, http string
}

func startProgram(t *testing.T, args ...string) *program {
	t.Helper()
	p := partyline(t, nil, append([]string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"}, args...)...)
	return &program{p, expectLine(t, p.err, lineOpen)[0], expectLine(t, p.err, pageOpen)[0]}
}

// TestGoodbye ends the program as a service manager does: everybody is told, in the terms
// of the own door, and it ends in good order.
func TestGoodbye(t *testing.T) {
	const drain = 20 * time.Second
	p := startProgram(t, "--drain", drain.String())
	nc, nick := netcat(t, p.tcp)
	tcpBot, wsBot := dialTCPBot(t, p.tcp), dialBot(t, "ws://"+p.http+"/ws")
	tcpBot.expectType(t, "welcome")
	wsBot.expectType(t, "welcome")
	nc.say(t, "the last word")
	expectLine(t, nc.out, nick+": the last word")

	p.signal(t, syscall.SIGTERM)
	if code := p.exitCode(t, drain); code != 0 {
		t.Errorf("exit code %d", code)
	}
	// netcat notices the end at the next thing that is typed.
	nc.stdin.Close()
	nc.exitCode(t, patience)
	expectLast(t, nc.out, goodbye)
	for _, b := range []*bot{tcpBot, wsBot} {
		b.expect(t, "the last word", func(e event) bool { return e.Text == "the last word" })
		if bye := b.expectType(t, "bye"); bye.Reason != "shutdown" || !bye.Reconnect {
			t.Errorf("the goodbye is %+v", bye)
		}
		if more, _ := b.out.rest(t); len(more) > 0 {
			t.Errorf("after the goodbye came %+v", more)
		}
	}
	wsBot.expectClose(t, websocket.StatusServiceRestart)
	expectRefused(t, p)
}

func expectRefused(t *testing.T, p *program) {
	t.Helper()
	for _, addr := range []string{p.tcp, p.http} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Errorf("%s still lets in", addr)
		}
	}
}

// TestFrozenReaders ends the program while some take nothing: it lets nobody new in and
// cuts these off when the time is over.
func TestFrozenReaders(t *testing.T) {
	const drain = 2 * time.Second
	p := startProgram(t, "--drain", drain.String(), "--rate", "0")
	freeze(t, p)
	p.signal(t, syscall.SIGTERM)
	signalled := time.Now()
	expectLine(t, p.err, `.*msg="ending: .*`)
	if !eventually(func() bool { return !answers(p.tcp) && !answers(p.http) }) {
		t.Error("new ones are let in while the program ends")
	}
	if code := p.exitCode(t, drain+slack); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(signalled); took < drain {
		t.Errorf("it ended after %v and did not wait for the readers", took)
	}
	expectLine(t, p.err, `.*level=WARN msg="some were cut off: .*`)
}

// TestSecondSignal ends the program at once, whoever it waits for.
func TestSecondSignal(t *testing.T) {
	p := startProgram(t, "--drain", "1m", "--rate", "0")
	freeze(t, p)
	p.signal(t, syscall.SIGTERM)
	expectLine(t, p.err, `.*msg="ending: .*`)
	p.signal(t, syscall.SIGINT)
	if code := p.exitCode(t, slack); code != 1 {
		t.Errorf("exit code %d", code)
	}
	expectLast(t, p.err, "partyline: ended at once by a second signal")
}

// freeze connects a client that never reads to each door, and says more than the kernel
// takes for it.
func freeze(t *testing.T, p *program) {
	t.Helper()
	for _, frozen := range []*net.TCPConn{dial(t, p.tcp), dialRawWebSocket(t, p.http)} {
		if err := frozen.SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
	}
	talker := call(t, p.tcp)
	expectLine(t, talker.out, welcomed)
	for here := 0; here < 3; { // who comes later would miss what is said
		talker.say(t, "/who")
		here = len(strings.Split(expectLine(t, talker.out, "= (.*)")[0], ", "))
	}
	line := append(bytes.Repeat([]byte("a"), 1000), '\n')
	if _, err := talker.conn.Write(bytes.Repeat(line, 1000)); err != nil {
		t.Fatal(err)
	}
	talker.say(t, "that was much")
	expectLine(t, talker.out, `\S+: that was much`)
}
