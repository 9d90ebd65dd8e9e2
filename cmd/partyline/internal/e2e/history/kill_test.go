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

// kills in the environment says how often TestKilled kills; `make kills` sets it.
const kills = "KILLS"

// TestKilled kills the program again and again while four say what they have to say, and
// say again what was not acknowledged. History then has all of it, once, and each message
// under the id that its talker and whoever heard it were told.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds, err := strconv.Atoi(os.Getenv(kills))
	if err != nil {
		if rounds = 20; testing.Short() {
			rounds = 3
		}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	args := []string{"--data", t.TempDir(), "--history", "10000000", "--rate", "0"}
	talkers := newSenders(4)
	for range rounds {
		if chance.IntN(4) == 0 { // while it starts
			p := harness.StartPartyline(t, nil, append([]string{"--tcp", "127.0.0.1:0", "--http", ""}, args...)...)
			time.Sleep(time.Duration(chance.IntN(200)) * time.Millisecond)
			p.Kill(t)
		}
		p := harness.StartProgram(t, args...)
		enough := int64(chance.IntN(400))
		going := talkTogether(t, p, talkers)
		if !harness.Eventually(func() bool { return going.acks.Load() >= enough }) {
			t.Fatalf("%d acks of %d came; the program says\n%s", going.acks.Load(), enough, p.Err)
		}
		time.Sleep(time.Duration(chance.IntN(5000)) * time.Microsecond) // so that it may be any moment
		going.broken.Store(true)
		p.Kill(t)
		going.Wait()
		checkSaid(t, onDisk(t, args[1], "lobby"), talkers)
	}

	p := harness.StartProgram(t, args...)
	going := talkTogether(t, p, talkers)
	going.ending.Store(true)
	going.Wait()
	p.End(t)
	log := onDisk(t, args[1], "lobby")
	checkSaid(t, log, talkers)
	total := 0
	for _, s := range talkers {
		if total += s.said; len(s.acked) != s.said {
			t.Errorf("%d of %d messages of talker %d are acknowledged", len(s.acked), s.said, s.number)
		}
	}
	if len(log) != total {
		t.Errorf("history has %d messages of %d", len(log), total)
	}
	t.Logf("%d kills, %d messages", rounds, total)
}

// checkSaid checks that a log has each talker's messages in order and once, and everything
// that anybody was told of.
func checkSaid(t *testing.T, log []harness.Message, talkers []*sender) {
	t.Helper()
	harness.CheckTalkers(t, "history", log, len(talkers), len(log))
	ids := make(map[string]int64, len(log))
	for _, h := range log {
		ids[h.Text] = h.ID
	}
	for _, s := range talkers {
		for n, id := range s.acked {
			if ids[s.text(n)] != id {
				t.Fatalf("%q was acknowledged with %d; history has it under %d", s.text(n), id, ids[s.text(n)])
			}
		}
		for text, id := range s.heard {
			if ids[text] != id {
				t.Fatalf("%q was heard with %d; history has it under %d", text, id, ids[text])
			}
		}
	}
}

// A sender says numbered messages, each under a key, and has several under way.
type sender struct {
	number int
	said   int              // so many, acknowledged or not
	acked  map[int]int64    // with their ids
	heard  map[string]int64 // what anybody said
}

func newSenders(n int) (all []*sender) {
	for i := range n {
		all = append(all, &sender{number: i, acked: make(map[int]int64), heard: make(map[string]int64)})
	}
	return all
}

func (s *sender) text(n int) string { return fmt.Sprintf("@m%d %d", s.number, n) }

func (s *sender) key(n int) string {
	return fmt.Sprintf("6c5f0c30-0000-4000-8000-%02d%010d", s.number, n)
}

// round is what goes on while senders have a program to talk to.
type round struct {
	sync.WaitGroup
	acks   atomic.Int64
	ending atomic.Bool // they say nothing new, and wait for their acks
	broken atomic.Bool // it ends, or is killed
}

func talkTogether(t *testing.T, p *harness.Program, senders []*sender) *round {
	t.Helper()
	going := &round{}
	for i, s := range senders {
		var b *harness.Bot
		if i%2 == 0 {
			b = harness.DialTCPBot(t, p.TCP)
		} else {
			b = harness.DialBot(t, "ws://"+p.HTTP+"/ws")
		}
		b.ExpectType(t, "welcome")
		going.Go(func() {
			if err := s.talk(b, going); err != nil && !going.broken.Load() {
				t.Errorf("talker %d: %v", s.number, err)
			}
		})
	}
	return going
}

// talk says again what was not acknowledged, and goes on until the end of the connection.
func (s *sender) talk(b *harness.Bot, going *round) error {
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
		for ; s.said < len(s.acked)+window && !going.ending.Load(); s.said++ {
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
			s.heard[e.Text] = e.ID
		case "ack":
			n, err := strconv.Atoi(e.Key[len(e.Key)-10:])
			if err != nil || s.acked[n] != 0 {
				return fmt.Errorf("a second ack, or for nothing that was said: %+v", e)
			}
			s.acked[n] = e.ID
			going.acks.Add(1)
		case "error":
			if going.broken.Load() { // the program ends
				continue
			}
			return fmt.Errorf("refused: %+v", e)
		}
	}
}
