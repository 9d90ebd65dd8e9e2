package cluster

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/natstest"
)

// TestTwoNodes talks between netcat at one program and a bot at another one, and loses the first program.
func TestTwoNodes(t *testing.T) {
	servers := natstest.Start(t, 1, "")
	a, b := startProgram(t, servers, "--data", t.TempDir()), startProgram(t, servers)
	bot := harness.DialBot(t, "ws://"+b.HTTP+"/ws?nick=bot")
	bot.ExpectType(t, "welcome")
	nc, nick := harness.Netcat(t, a.TCP)
	nc.Say(t, "from netcat")
	first := bot.Expect(t, "the message of netcat", func(e harness.Event) bool { return e.Type == "message" && e.From == nick && e.Text == "from netcat" })
	if e := bot.Say(t, "key", "from the bot"); e.Type != "ack" || e.ID <= first.ID {
		t.Errorf("the response is %+v, after id %d", e, first.ID)
	}
	harness.ExpectLine(t, nc.Out, `bot: from the bot`)

	if !harness.Eventually(func() bool { // until the index is ready
		nc.Say(t, "/search netcat")
		line, err := nc.Out.Await(func(s string) bool {
			return strings.Contains(s, "from netcat") || strings.HasPrefix(s, "! search") || s == "= no messages"
		})
		return err == nil && strings.Contains(line, "from netcat")
	}) {
		t.Errorf("a search does not find the message:\n%s", nc.Out)
	}
	bot.Request(t, map[string]any{"type": "search", "words": "netcat", "ref": "s"})
	if e := bot.Expect(t, "the answer", func(e harness.Event) bool { return e.Ref == "s" }); e.Code != "unavailable" {
		t.Errorf("a search without --data: %+v", e)
	}

	// A member of one program resumes at the other one after the last message that it has seen.
	a.Kill(t)
	bot.Say(t, "key 2", "missed")
	back := harness.DialBot(t, fmt.Sprintf("ws://%s/ws?since=%d", b.HTTP, first.ID))
	for _, want := range []string{"from the bot", "missed"} {
		back.Expect(t, want, func(e harness.Event) bool { return e.Type == "message" && e.Text == want })
	}
	if log := back.Messages(); len(log) != 2 {
		t.Errorf("after a resume: %v", log)
	}
}

// TestStarting starts a program before NATS. It must turn clients away until NATS is there.
func TestStarting(t *testing.T) {
	servers := natstest.New(t, 1, "")
	p := harness.StartProgram(t, flags(servers)...)
	early := harness.DialText(t, p.TCP)
	if lines, _ := early.Out.Rest(t); len(lines) != 1 || lines[0] != "! the server is starting: try again in a moment" {
		t.Errorf("an early client received %q", lines)
	}
	_, response, err := harness.DialWebSocket(t, "ws://"+p.HTTP+"/ws", nil)
	if err == nil || response == nil || response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("an early WebSocket: %v, %v", response, err)
	}
	servers.Start(0)
	if !harness.Eventually(func() bool {
		conn, err := net.Dial("tcp", p.TCP)
		if err != nil {
			return false
		}
		defer conn.Close()
		c := harness.ReadText(conn)
		line, err := c.Out.Await(func(string) bool { return true })
		return err == nil && strings.HasPrefix(line, "* You are ")
	}) {
		t.Errorf("no client is admitted:\n%s", p.Err)
	}
}
