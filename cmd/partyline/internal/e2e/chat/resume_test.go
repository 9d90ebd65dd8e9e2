package chat

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestResume cuts a member's line again and again, wherever it is, while others talk. It
// comes back with the newest id that it has: in the end it has the room's log, once and in
// order, as somebody has who was never away.
func TestResume(t *testing.T) {
	t.Run("memory", func(t *testing.T) { testResume(t) })
	t.Run("disk", func(t *testing.T) { testResume(t, "--data", t.TempDir()) })
}

func testResume(t *testing.T, args ...string) {
	const cuts, talkers, window = 200, 2, 5
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	p := harness.StartProgram(t, append(args, "--rate", "0", "--history", "1000000")...)
	at := &harness.Server{TCP: p.TCP, HTTP: p.HTTP}
	steady := harness.DialRaw(t, at, false, true)
	l := &flakyReader{addr: p.HTTP}
	first := l.come(t)
	first.ReadUntil(t, harness.Counter(`"type":"welcome"`), 1)
	l.cut(t, first)
	late := &flakyReader{addr: p.HTTP, last: l.last} // who comes when all is said

	var talking sync.WaitGroup
	var over atomic.Bool
	defer talking.Wait()
	defer over.Store(true)
	said := make([]int, talkers)
	for i := range talkers {
		talker := harness.DialRaw(t, at, i%2 == 1, true)
		talker.Discard = true
		talking.Go(func() {
			count := harness.Counter(fmt.Sprintf("@m%d ", i))
			for !over.Load() {
				talker.Say(t, fmt.Sprintf("@m%d %d", i, said[i]))
				if said[i]++; !talker.ReadUntil(t, count, said[i]-window) {
					return
				}
			}
			talker.ReadUntil(t, count, said[i])
		})
	}
	for range cuts {
		r := l.come(t)
		part, err := io.ReadAll(io.LimitReader(r.Conn, chance.Int64N(6000)))
		if err != nil {
			t.Fatalf("its line ended by itself: %v, after\n%s", err, part)
		}
		r.Log = part
		l.cut(t, r)
	}
	over.Store(true)
	talking.Wait()
	const end = "the end"
	steady.Say(t, end)
	steady.ReadUntil(t, harness.Counter(`"text":"`+end), 1)
	want := steady.Events(t)
	for _, l := range []*flakyReader{l, late} {
		r := l.come(t)
		r.ReadUntil(t, harness.Counter(`"text":"`+end), 1)
		if l.cut(t, r); !slices.Equal(l.log, want) {
			t.Errorf("who was away has another log: %s", harness.Difference(l.log, want))
		}
	}
	total := said[0] + said[1]
	harness.CheckTalkers(t, "the steady listener", want[:len(want)-1], talkers, total)
	t.Logf("%d cuts, %d messages", cuts, total)
}

// A loser is a member in JSON on a WebSocket whose line is cut.
type flakyReader struct {
	addr string
	last int64 // the newest id that it has
	log  []harness.Message
}

// come comes back for what it has not had.
func (l *flakyReader) come(t *testing.T) *harness.Raw {
	t.Helper()
	target := "/ws"
	if l.last > 0 {
		target = fmt.Sprint("/ws?since=", l.last)
	}
	r := &harness.Raw{WS: true, JSON: true, Conn: harness.Upgrade(t, l.addr, target, "partyline.json.v1")}
	r.Conn.SetReadDeadline(time.Now().Add(harness.Patience))
	return r
}

// cut ends the line, and keeps what came whole.
func (l *flakyReader) cut(t *testing.T, r *harness.Raw) {
	t.Helper()
	r.Conn.Close()
	for _, text := range r.Frames(t) {
		var e harness.Event
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		switch e.Type {
		case "welcome":
			if l.last == 0 { // it was never here
				l.last = e.Last
			}
		case "message":
			l.log = append(l.log, harness.Message{ID: e.ID, Text: e.Text})
			l.last = e.ID
		case "gap", "error":
			t.Fatalf("it is told %s", text)
		}
	}
}
