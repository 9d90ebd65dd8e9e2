package history

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// killsEnv is the environment variable with the number of kills in TestKilled. `make kills` sets
// it.
const killsEnv = "KILLS"

// TestKilled kills the program repeatedly while four senders send messages. After each restart they
// repeat the messages that were not acknowledged. In the end the history has each message once, under
// the id that the senders received.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds, err := strconv.Atoi(os.Getenv(killsEnv))
	if err != nil {
		if rounds = 20; testing.Short() {
			rounds = 3
		}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	args := []string{"--data", t.TempDir(), "--history", "10000000", "--rate", "0"}
	senders := newSenders(4)
	for range rounds {
		if rnd.IntN(4) == 0 { // kill the program while it starts
			p := harness.StartPartyline(t, nil, append([]string{"--tcp", "127.0.0.1:0", "--http", ""}, args...)...)
			time.Sleep(time.Duration(rnd.IntN(200)) * time.Millisecond)
			p.Kill(t)
		}
		p := harness.StartProgram(t, args...)
		enough := int64(rnd.IntN(400))
		running := startSenders(t, p, senders)
		if !harness.Eventually(func() bool { return running.acks.Load() >= enough }) {
			t.Fatalf("%d acks of %d arrived; the program logged\n%s", running.acks.Load(), enough, p.Err)
		}
		time.Sleep(time.Duration(rnd.IntN(5000)) * time.Microsecond) // a random moment
		running.broken.Store(true)
		p.Kill(t)
		running.Wait()
		checkStored(t, onDisk(t, args[1], "lobby"), senders)
	}

	p := harness.StartProgram(t, args...)
	running := startSenders(t, p, senders)
	running.ending.Store(true)
	running.Wait()
	p.End(t)
	log := onDisk(t, args[1], "lobby")
	checkStored(t, log, senders)
	total := 0
	for _, s := range senders {
		if total += s.said; len(s.acked) != s.said {
			t.Errorf("%d of %d messages of sender %d are acknowledged", len(s.acked), s.said, s.number)
		}
	}
	if len(log) != total {
		t.Errorf("history has %d messages of %d", len(log), total)
	}
	t.Logf("%d kills, %d messages", rounds, total)
}

// checkStored checks that a log has each sender's messages once and in order, and every message
// that was acknowledged or received.
func checkStored(t *testing.T, log []harness.Message, senders []*sender) {
	t.Helper()
	harness.CheckOnceInOrder(t, "history", log, len(senders), len(log))
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

// A run is the time that senders are connected to one process of the program.
type run struct {
	sync.WaitGroup
	acks   atomic.Int64
	ending atomic.Bool // send no new messages, only wait for acks
	broken atomic.Bool // the program is ending or is killed
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
			if err := s.run(b, running); err != nil && !running.broken.Load() {
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
		for ; s.said < len(s.acked)+window && !running.ending.Load(); s.said++ {
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
			if running.broken.Load() { // the program is ending
				continue
			}
			return fmt.Errorf("refused: %+v", e)
		}
	}
}
