//go:build linux

package abuse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A probe is a client that behaves while others misbehave. Two probes, one over each transport,
// exchange numbered messages. Each has to receive all of them, in one order and in time.
type probe struct {
	name string
	say  func(text string) error

	mu       sync.Mutex
	received []string // messages of probes, in the order in which they arrived
	took     []time.Duration
	bad      []string // texts that no client may receive, and gap notices
	end      error    // the error that ended its connection
}

// probeInterval is the time between two messages of one probe. The probes take turns, so that there is
// a message every 100 ms.
const probeInterval = 200 * time.Millisecond

// text returns a numbered message that contains the time.
func (p *probe) text(n int) string {
	return fmt.Sprintf("@%s %d %d", p.name, n, time.Now().UnixNano())
}

// receive handles the text of one message.
func (p *probe) receive(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	isGap := strings.HasPrefix(text, "-- ") && strings.Contains(text, " missed")
	if isGap || strings.ContainsFunc(text, forbidden) {
		p.bad = append(p.bad, text)
	}
	at := strings.LastIndexByte(text, ' ')
	if !strings.HasPrefix(text, "@") || at < 0 {
		return
	}
	said, _ := strconv.ParseInt(text[at+1:], 10, 64)
	p.took = append(p.took, time.Since(time.Unix(0, said)))
	p.received = append(p.received, text[:at])
}

// forbidden reports whether a terminal may act on a character.
func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }

func (p *probe) finish(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = err
}

// count returns how many messages of probes it has received.
func (p *probe) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.received)
}

// newProbes connects a probe over each transport.
func newProbes(t *testing.T, s *target) [2]*probe {
	tcp := &probe{name: "tcp"}
	conn, err := s.dial(s.TCP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.below.Close() })
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
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return s.dial(s.HTTP)
	}}}
	link, _, err := harness.DialWebSocket(t, "ws://localhost/ws", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{"partyline.json.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	ws.say = func(text string) error {
		b, _ := json.Marshal(map[string]string{"type": "say", "text": text})
		return link.Write(t.Context(), websocket.MessageText, b)
	}
	welcome := make(chan struct{})
	welcomed := sync.OnceFunc(func() { close(welcome) })
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
			switch e.Type {
			case "welcome":
				welcomed()
			case "gap":
				e.Text = fmt.Sprintf("-- %s missed", frame)
			}
			ws.receive(e.Text)
		}
	}()
	select {
	case <-welcome:
	case <-time.After(harness.Patience):
		t.Fatal("the probe over WebSocket received no welcome")
	}
	return [2]*probe{tcp, ws}
}
