//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/coder/websocket"
)

// A canary is somebody well who talks while others misbehave. Two of them, one at each
// door, exchange numbered messages; what each hears has to be whole, in one order and in
// time, whatever goes on around them.
type canary struct {
	name string
	say  func(text string) error

	mu    sync.Mutex
	heard []string // messages of canaries, in the order in which they came
	took  []time.Duration
	bad   []string // what nobody should ever be sent
	end   error    // why nothing more comes
}

// canaryEvery is the time between two messages of one canary. They talk in turn, so that
// there is one every 100 ms.
const canaryEvery = 200 * time.Millisecond

// text returns a numbered message that bears the time at which it is said.
func (c *canary) text(n int) string {
	return fmt.Sprintf("@%s %d %d", c.name, n, time.Now().UnixNano())
}

// hear takes one text that somebody said.
func (c *canary) hear(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.ContainsFunc(text, forbidden) {
		c.bad = append(c.bad, text)
	}
	at := strings.LastIndexByte(text, ' ')
	if !strings.HasPrefix(text, "@") || at < 0 {
		return
	}
	said, _ := strconv.ParseInt(text[at+1:], 10, 64)
	c.took = append(c.took, time.Since(time.Unix(0, said)))
	c.heard = append(c.heard, text[:at])
}

// forbidden reports the characters that can drive a terminal.
func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }

func (c *canary) finish(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = err
}

// count returns how many messages of canaries it heard.
func (c *canary) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.heard)
}

// newCanaries sends a canary through each door, and drops what they hear on arrival.
func newCanaries(t *testing.T, p *program) [2]*canary {
	tcp := &canary{name: "tcp"}
	conn := dial(t, p.tcp)
	tcp.say = func(text string) error { _, err := io.WriteString(conn, text+"\n"); return err }
	lines := newFeed[string]()
	go func() {
		readLines(conn, lines)
		tcp.finish(lines.end)
	}()
	expectLine(t, lines, welcomed)
	go func() {
		for {
			line, err := lines.await(func(string) bool { return true })
			switch {
			case errors.Is(err, errLate):
				continue
			case err != nil:
				return
			}
			if _, text, ok := strings.Cut(line, ": "); ok {
				line = text
			}
			tcp.hear(line)
		}
	}()

	ws := &canary{name: "ws"}
	link, _, err := dialWebSocket(t, "ws://"+p.http+"/ws", &websocket.DialOptions{Subprotocols: []string{"partyline.json.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	ws.say = func(text string) error {
		b, _ := json.Marshal(map[string]string{"type": "say", "text": text})
		return link.Write(t.Context(), websocket.MessageText, b)
	}
	welcome := make(chan struct{}, 1)
	go func() {
		for {
			_, frame, err := link.Read(t.Context())
			if err != nil {
				ws.finish(err)
				return
			}
			var e event
			if json.Unmarshal(frame, &e) != nil {
				ws.hear("\x00not JSON: " + string(frame))
			}
			ws.hear(e.Text)
			if e.Type == "welcome" {
				welcome <- struct{}{}
			}
		}
	}()
	select {
	case <-welcome:
	case <-time.After(patience):
		t.Fatal("the WebSocket's canary is not welcomed")
	}
	return [2]*canary{tcp, ws}
}
