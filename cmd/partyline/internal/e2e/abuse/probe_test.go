//go:build linux

package abuse

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

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A canary is somebody well who talks while others misbehave. Two of them, one at each
// door, exchange numbered messages; what each hears has to be whole, in one order and in
// time, whatever goes on around them.
type probe struct {
	name string
	say  func(text string) error

	mu       sync.Mutex
	received []string // messages of canaries, in the order in which they came
	took     []time.Duration
	bad      []string // what nobody should ever be sent
	end      error    // why nothing more comes
}

// probeInterval is the time between two messages of one canary. They talk in turn, so that
// there is one every 100 ms.
const probeInterval = 200 * time.Millisecond

// text returns a numbered message that bears the time at which it is said.
func (c *probe) text(n int) string {
	return fmt.Sprintf("@%s %d %d", c.name, n, time.Now().UnixNano())
}

// receive takes one text that somebody said.
func (c *probe) receive(text string) {
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
	c.received = append(c.received, text[:at])
}

// forbidden reports the characters that can drive a terminal.
func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }

func (c *probe) finish(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = err
}

// count returns how many messages of canaries it heard.
func (c *probe) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.received)
}

// newProbes sends a canary through each door, and drops what they hear on arrival.
func newProbes(t *testing.T, p *harness.Program) [2]*probe {
	tcp := &probe{name: "tcp"}
	conn := harness.Dial(t, p.TCP)
	tcp.say = func(text string) error { _, err := io.WriteString(conn, text+"\n"); return err }
	lines := harness.NewFeed[string]()
	go func() {
		harness.ReadLines(conn, lines)
		tcp.finish(lines.Err())
	}()
	harness.ExpectLine(t, lines, harness.WelcomeLine)
	go func() {
		for {
			line, err := lines.Await(func(string) bool { return true })
			switch {
			case errors.Is(err, harness.ErrLate):
				continue
			case err != nil:
				return
			}
			if _, text, ok := strings.Cut(line, ": "); ok {
				line = text
			}
			tcp.receive(line)
		}
	}()

	ws := &probe{name: "ws"}
	link, _, err := harness.DialWebSocket(t, "ws://"+p.HTTP+"/ws", &websocket.DialOptions{Subprotocols: []string{"partyline.json.v1"}})
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
			var e harness.Event
			if json.Unmarshal(frame, &e) != nil {
				ws.receive("\x00not JSON: " + string(frame))
			}
			ws.receive(e.Text)
			if e.Type == "welcome" {
				welcome <- struct{}{}
			}
		}
	}()
	select {
	case <-welcome:
	case <-time.After(harness.Patience):
		t.Fatal("the WebSocket's canary is not welcomed")
	}
	return [2]*probe{tcp, ws}
}
