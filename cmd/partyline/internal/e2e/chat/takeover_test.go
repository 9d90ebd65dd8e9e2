package chat

import (
	"io"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestTakeOver moves a member from door to door. Each connection takes over the name and the room from
// the one before it, which still lives, and the others in the room learn nothing of it.
func TestTakeOver(t *testing.T) {
	s := harness.StartServer(t, nil)
	bob := harness.DialText(t, s.TCP)
	bob.Say(t, "/join ops")
	harness.ExpectLine(t, bob.Out, `\* You are \S+ in #ops, .*`)

	resume := func(b *harness.Bot, fields map[string]any) harness.Event {
		t.Helper()
		fields["type"], fields["ref"] = "resume", "r"
		b.Request(t, fields)
		return b.Expect(t, "the answer to resume", func(e harness.Event) bool { return e.Ref == "r" })
	}
	last := harness.DialTCPBot(t, s.TCP)
	welcome := resume(last, map[string]any{"nick": "alice", "room": "ops"})
	harness.ExpectLine(t, bob.Out, `\* alice has arrived`)
	id := last.Say(t, "k0", "first").ID
	for i, byWebSocket := range []bool{true, true, false, false, true} {
		next := harness.DialTCPBot
		addr := s.TCP
		if byWebSocket {
			next, addr = harness.DialBot, "ws://"+s.HTTP+"/ws"
		}
		b := next(t, addr)
		again := resume(b, map[string]any{"token": welcome.Token, "since": id})
		if again.Nick != "alice" || again.Room != "ops" || !again.Resumed || again.Token != welcome.Token {
			t.Fatalf("connection %d is welcomed with %+v", i, again)
		}
		if bye := last.ExpectType(t, "bye"); bye.Reason != "resumed" || bye.Reconnect {
			t.Errorf("connection %d ends with %+v", i, bye)
		}
		if _, err := last.Out.Rest(t); websocket.CloseStatus(err) != websocket.StatusNormalClosure && err != io.EOF {
			t.Errorf("connection %d is closed with %v", i, err)
		}
		b.Request(t, map[string]any{"type": "say", "text": "again"})
		harness.ExpectLine(t, bob.Out, `alice: again`)
		last = b
	}
	last.Request(t, map[string]any{"type": "quit"})
	harness.ExpectLine(t, bob.Out, `\* alice has left`)
	presence := 0
	for _, line := range bob.Out.All() {
		if strings.HasPrefix(line, "* alice ") {
			presence++
		}
	}
	if presence != 2 {
		t.Errorf("bob received\n%s", bob.Out)
	}
}
