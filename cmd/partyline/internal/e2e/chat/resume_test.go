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

// TestResume closes a member's connection repeatedly, at random positions in the stream, while
// others send messages. The member resumes from its newest id each time. In the end it has received
// the same messages in the same order as a member that was always connected.
func TestResume(t *testing.T) {
	t.Run("memory", func(t *testing.T) { testResume(t) })
	t.Run("disk", func(t *testing.T) { testResume(t, "--data", t.TempDir()) })
}

func testResume(t *testing.T, args ...string) {
	const senders, window = 2, 5
	cuts := 200
	if testing.Short() {
		cuts = 40
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	p := harness.StartProgram(t, append(args, "--rate", "0", "--history", "1000000")...)
	server := &harness.Server{TCP: p.TCP, HTTP: p.HTTP}
	steady := harness.DialRecorder(t, server, false, true)
	flaky := &flakyReader{addr: p.HTTP}
	first := flaky.connect(t)
	first.ReadUntil(t, harness.Counter(`"type":"welcome"`), 1)
	flaky.disconnect(t, first)
	late := &flakyReader{addr: p.HTTP, last: flaky.last} // joins after all messages

	var sending sync.WaitGroup
	var over atomic.Bool
	defer sending.Wait()
	defer over.Store(true)
	said := make([]int, senders)
	for i := range senders {
		sender := harness.DialRecorder(t, server, i%2 == 1, true)
		sender.Discard = true
		sending.Go(func() {
			count := harness.Counter(fmt.Sprintf("@m%d ", i))
			for !over.Load() {
				sender.Say(t, fmt.Sprintf("@m%d %d", i, said[i]))
				if said[i]++; !sender.ReadUntil(t, count, said[i]-window) {
					return
				}
			}
			sender.ReadUntil(t, count, said[i])
		})
	}
	for range cuts {
		r := flaky.connect(t)
		part, err := io.ReadAll(io.LimitReader(r.Conn, rnd.Int64N(6000)))
		if err != nil {
			t.Fatalf("the connection ended: %v, after\n%s", err, part)
		}
		r.Log = part
		flaky.disconnect(t, r)
	}
	over.Store(true)
	sending.Wait()
	const end = "the end"
	steady.Say(t, end)
	steady.ReadUntil(t, harness.Counter(`"text":"`+end), 1)
	want := steady.Messages(t)
	for _, f := range []*flakyReader{flaky, late} {
		r := f.connect(t)
		r.ReadUntil(t, harness.Counter(`"text":"`+end), 1)
		if f.disconnect(t, r); !slices.Equal(f.log, want) {
			t.Errorf("the messages of a client that resumed differ: %s", harness.Difference(f.log, want))
		}
	}
	total := said[0] + said[1]
	harness.CheckOnceInOrder(t, "the log of the steady member", want[:len(want)-1], senders, total)
	t.Logf("%d cuts, %d messages", cuts, total)
}

// A flakyReader is a member in JSON over WebSocket that disconnects and resumes.
type flakyReader struct {
	addr string
	last int64 // newest id received
	log  []harness.Message
}

// connect connects and requests all messages after the newest one received.
func (f *flakyReader) connect(t *testing.T) *harness.Recorder {
	t.Helper()
	target := "/ws"
	if f.last > 0 {
		target = fmt.Sprint("/ws?since=", f.last)
	}
	r := &harness.Recorder{WS: true, JSON: true, Conn: harness.DialUpgrade(t, f.addr, target, "partyline.json.v1")}
	r.Conn.SetReadDeadline(time.Now().Add(harness.Patience))
	return r
}

// disconnect closes the connection and processes the complete frames that were read.
func (f *flakyReader) disconnect(t *testing.T, r *harness.Recorder) {
	t.Helper()
	r.Conn.Close()
	for _, text := range r.Frames(t) {
		var e harness.Event
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		switch e.Type {
		case "welcome":
			if f.last == 0 { // the first connection
				f.last = e.Last
			}
		case "message":
			f.log = append(f.log, harness.Message{ID: e.ID, Text: e.Text})
			f.last = e.ID
		case "gap", "error":
			t.Fatalf("got %s", text)
		}
	}
}
