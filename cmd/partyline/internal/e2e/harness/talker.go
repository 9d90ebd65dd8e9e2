package harness

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"partyline/client"
)

// pace is the time between two messages of a Talker.
const pace = 20 * time.Millisecond

// A Talker is a member that says numbered messages, and records what it receives.
type Talker struct {
	*client.Client
	number         int
	Welcomes, Acks atomic.Int64
	said           int
	acked          []Message // by number
	Received       []Message
	total          chan int      // how many messages it is to receive in all
	done           chan struct{} // closed when it has received them
}

// JoinTalker connects a Talker, and starts to record.
func JoinTalker(ctx context.Context, t *testing.T, number int, address string) *Talker {
	t.Helper()
	c, err := client.Dial(ctx, address, client.Options{Nick: fmt.Sprint("member", number)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	m := &Talker{Client: c, number: number, total: make(chan int, 1), done: make(chan struct{})}
	go m.record(ctx, t)
	return m
}

func (m *Talker) record(ctx context.Context, t *testing.T) {
	defer close(m.done)
	events := make(chan client.Event)
	go func() {
		defer close(events)
		for e := range m.Events(ctx) {
			events <- e
		}
	}()
	for total := -1; len(m.Received) != total; {
		select {
		case total = <-m.total:
		case e, ok := <-events:
			if !ok {
				if ctx.Err() == nil {
					t.Errorf("member %d ended: %v", m.number, m.Err())
				}
				return
			}
			switch e := e.(type) {
			case *client.Welcome:
				m.Welcomes.Add(1)
			case *client.Message:
				m.receive(e)
			case *client.Gap: // the history could not be read in time
				for m.fill(ctx, e) != nil && ctx.Err() == nil { // until no restart interrupts it
				}
			}
		}
	}
	go func() {
		for range events { // until the end of the test
		}
	}()
}

// receive records a message, unless it was in a gap and is recorded.
func (m *Talker) receive(e *client.Message) {
	if n := len(m.Received); n == 0 || e.ID > m.Received[n-1].ID {
		m.Received = append(m.Received, Message{ID: e.ID, Text: e.Text})
	}
}

// fill records the messages of a gap.
func (m *Talker) fill(ctx context.Context, gap *client.Gap) error {
	for missed, err := range m.Missed(ctx, gap) {
		if err != nil {
			return err
		}
		m.receive(missed)
	}
	return nil
}

// Talk says messages until stop is closed, and waits until they are acknowledged.
func (m *Talker) Talk(ctx context.Context, t *testing.T, stop <-chan struct{}) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			if err := m.Flush(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("member %d: %v", m.number, err)
			}
			return
		case <-tick.C:
		}
		text := fmt.Sprintf("@m%d %d", m.number, m.said)
		err := m.Post(ctx, text, func(id int64, err error) {
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("%q: %v", text, err)
				}
				return
			}
			m.acked = append(m.acked, Message{ID: id, Text: text})
			m.Acks.Add(1)
		})
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("member %d: %v", m.number, err)
			}
			return
		}
		m.said++
	}
}

// Await waits until cond returns true. what names the event in the failure message.
func (m *Talker) Await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if !Eventually(cond) {
		t.Fatalf("member %d: %s did not come; it has %d welcomes and %d acks", m.number, what, m.Welcomes.Load(), m.Acks.Load())
	}
}

// CheckTalkers checks, after all Talkers have ended to talk, that each has received every message once and
// in the order of its sender, and what was acknowledged under its id.
func CheckTalkers(ctx context.Context, t *testing.T, talkers []*Talker) {
	t.Helper()
	total := 0
	for _, m := range talkers {
		total += m.said
		if len(m.acked) != m.said {
			t.Errorf("member %d: %d of %d messages are acknowledged", m.number, len(m.acked), m.said)
		}
	}
	for _, m := range talkers {
		m.total <- total
		select {
		case <-m.done:
		case <-time.After(Patience):
			t.Fatalf("member %d has not received %d messages", m.number, total)
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
		CheckOnceInOrder(t, fmt.Sprint("member ", m.number), m.Received, len(talkers), total)
		ids := make(map[string]int64, total)
		for _, got := range m.Received {
			ids[got.Text] = got.ID
		}
		for _, sender := range talkers {
			for _, acked := range sender.acked {
				if ids[acked.Text] != acked.ID {
					t.Fatalf("%q is acknowledged with id %d; member %d received it with %d", acked.Text, acked.ID, m.number, ids[acked.Text])
				}
			}
		}
	}
}

// Number returns the number of the member, with which its first name ends.
func (m *Talker) Number() int { return m.number }
