//go:build unix

package service

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"partyline/client"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// pace is the time between two messages of a member.
const pace = 20 * time.Millisecond

// A member says numbered messages, and records what it receives.
type member struct {
	*client.Client
	number         int
	welcomes, acks atomic.Int64
	said           int
	acked          []harness.Message // by number
	received       []harness.Message
	total          chan int      // how many messages it is to receive in all
	done           chan struct{} // closed when it has received them
}

// join connects a member, and starts to record.
func join(ctx context.Context, t *testing.T, number int, address string) *member {
	t.Helper()
	c, err := client.Dial(ctx, address, client.Options{Nick: fmt.Sprint("member", number)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	m := &member{Client: c, number: number, total: make(chan int, 1), done: make(chan struct{})}
	go m.record(ctx, t)
	return m
}

func (m *member) record(ctx context.Context, t *testing.T) {
	defer close(m.done)
	events := make(chan client.Event)
	go func() {
		defer close(events)
		for e := range m.Events(ctx) {
			events <- e
		}
	}()
	for total := -1; len(m.received) != total; {
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
				m.welcomes.Add(1)
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
func (m *member) receive(e *client.Message) {
	if n := len(m.received); n == 0 || e.ID > m.received[n-1].ID {
		m.received = append(m.received, harness.Message{ID: e.ID, Text: e.Text})
	}
}

// fill records the messages of a gap.
func (m *member) fill(ctx context.Context, gap *client.Gap) error {
	for missed, err := range m.Missed(ctx, gap) {
		if err != nil {
			return err
		}
		m.receive(missed)
	}
	return nil
}

// talk says messages until stop is closed, and waits until they are acknowledged.
func (m *member) talk(ctx context.Context, t *testing.T, stop <-chan struct{}) {
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
			m.acked = append(m.acked, harness.Message{ID: id, Text: text})
			m.acks.Add(1)
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

// await waits until cond returns true. what names the event in the failure message.
func (m *member) await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if !harness.Eventually(cond) {
		t.Fatalf("member %d: %s did not come; it has %d welcomes and %d acks", m.number, what, m.welcomes.Load(), m.acks.Load())
	}
}

// checkMembers checks, after all members have ended to talk, that each has received every message once and
// in the order of its sender, and what was acknowledged under its id.
func checkMembers(ctx context.Context, t *testing.T, members []*member) {
	t.Helper()
	total := 0
	for _, m := range members {
		total += m.said
		if len(m.acked) != m.said {
			t.Errorf("member %d: %d of %d messages are acknowledged", m.number, len(m.acked), m.said)
		}
	}
	for _, m := range members {
		m.total <- total
		select {
		case <-m.done:
		case <-time.After(harness.Patience):
			t.Fatalf("member %d has not received %d messages", m.number, total)
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
		harness.CheckOnceInOrder(t, fmt.Sprint("member ", m.number), m.received, len(members), total)
		ids := make(map[string]int64, total)
		for _, got := range m.received {
			ids[got.Text] = got.ID
		}
		for _, sender := range members {
			for _, acked := range sender.acked {
				if ids[acked.Text] != acked.ID {
					t.Fatalf("%q is acknowledged with id %d; member %d received it with %d", acked.Text, acked.ID, m.number, ids[acked.Text])
				}
			}
		}
	}
}
