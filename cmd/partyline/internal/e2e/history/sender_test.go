package history

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// checkStored checks that a log has each sender's messages once and in order, and every message
// that was acknowledged or received.
func checkStored(t *testing.T, log []harness.Message, senders []*sender) {
	t.Helper()
	harness.CheckOnceInOrder(t, "the history", log, len(senders), len(log))
	ids := make(map[string]int64, len(log))
	for _, m := range log {
		ids[m.Text] = m.ID
	}
	for _, s := range senders {
		for n, id := range s.acked {
			if ids[s.text(n)] != id {
				t.Fatalf("%q was acknowledged with id %d; the history has id %d", s.text(n), id, ids[s.text(n)])
			}
		}
		for text, id := range s.received {
			if ids[text] != id {
				t.Fatalf("%q was received with id %d; the history has id %d", text, id, ids[text])
			}
		}
	}
}

// A sender sends numbered messages, each with a key, and has several unacknowledged at a time.
type sender struct {
	number   int
	said     int              // number of messages sent, acknowledged or not
	acked    map[int]int64    // ids by number
	received map[string]int64 // ids of all received messages, by text
}

func newSenders(n int) (all []*sender) {
	for i := range n {
		all = append(all, &sender{number: i, acked: make(map[int]int64), received: make(map[string]int64)})
	}
	return all
}

func (s *sender) text(n int) string { return fmt.Sprintf("@m%d %d", s.number, n) }

func (s *sender) key(n int) string {
	return fmt.Sprintf("6c5f0c30-0000-4000-8000-%02d%010d", s.number, n)
}

// A run is the state of senders that are connected to one process of the program.
type run struct {
	sync.WaitGroup
	acks      atomic.Int64
	finishing atomic.Bool // senders send no new messages and wait for the missing acks
	expectEnd atomic.Bool // the program may refuse messages and close connections
}

// startSenders connects each sender to the program and starts it in a goroutine of its own.
func startSenders(t *testing.T, p *harness.Program, senders []*sender) *run {
	t.Helper()
	running := &run{}
	for i, s := range senders {
		var b *harness.Bot
		if i%2 == 0 {
			b = harness.DialTCPBot(t, p.TCP)
		} else {
			b = harness.DialBot(t, "ws://"+p.HTTP+"/ws")
		}
		b.ExpectType(t, "welcome")
		running.Go(func() {
			if err := s.run(b, running); err != nil && !running.expectEnd.Load() {
				t.Errorf("sender %d: %v", s.number, err)
			}
		})
	}
	return running
}

// run sends the unacknowledged messages again, and then new ones until the connection or the run
// ends.
func (s *sender) run(b *harness.Bot, running *run) error {
	const window = 8
	say := func(n int) error {
		return b.Send(map[string]string{"type": "say", "text": s.text(n), "key": s.key(n)})
	}
	for n := range s.said {
		if s.acked[n] == 0 {
			if err := say(n); err != nil {
				return err
			}
		}
	}
	for {
		for ; s.said < len(s.acked)+window && !running.finishing.Load(); s.said++ {
			if err := say(s.said); err != nil {
				return err
			}
		}
		if len(s.acked) == s.said {
			return nil
		}
		e, err := b.Out.Await(func(harness.Event) bool { return true })
		if err != nil {
			return err
		}
		switch e.Type {
		case "message":
			s.received[e.Text] = e.ID
		case "ack":
			n, err := strconv.Atoi(e.Key[len(e.Key)-10:])
			if err != nil || s.acked[n] != 0 {
				return fmt.Errorf("a duplicate or unexpected ack: %+v", e)
			}
			s.acked[n] = e.ID
			running.acks.Add(1)
		case "error":
			if running.expectEnd.Load() { // the program is ending
				continue
			}
			return fmt.Errorf("refused: %+v", e)
		}
	}
}

// during calls copyHistory while the senders talk, and then ends them and the program. It returns how many acks
// had arrived before and after the call.
func (r *run) during(t *testing.T, p *harness.Program, copyHistory func()) (before, after int64) {
	t.Helper()
	const enough = 200
	if !harness.Eventually(func() bool { return r.acks.Load() >= enough }) {
		t.Fatalf("%d acks arrived; the program logged\n%s", r.acks.Load(), p.Err)
	}
	before = r.acks.Load()
	copyHistory()
	after = r.acks.Load()
	if !harness.Eventually(func() bool { return r.acks.Load() >= after+enough }) {
		t.Errorf("%d acks arrived after the copy", r.acks.Load()-after)
	}
	r.finishing.Store(true)
	r.Wait()
	p.Stop(t)
	return before, after
}

// checkCopied checks that a copy that was made after some acks is a prefix of the history, with the messages that
// were acknowledged.
func checkCopied(t *testing.T, acks int64, copied, log []harness.Message) {
	t.Helper()
	if n := len(copied); int64(n) < acks || n > len(log) || !slices.Equal(copied, log[:n]) {
		t.Fatalf("after %d acks the copy is not a prefix of the history: %s", acks, harness.Difference(copied, log))
	}
}
