package chat

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestBots has two bots send messages at the same time, one over each transport. Both receive the
// same messages with the same ids in the same order, and each message is acknowledged with its id.
func TestBots(t *testing.T) {
	const each = 50
	s := harness.StartServer(t, nil)
	bots := map[string]*harness.Bot{"tcp": harness.DialTCPBot(t, s.TCP), "ws": harness.DialBot(t, "ws://"+s.HTTP+"/ws")}
	for _, b := range bots {
		b.ExpectType(t, "welcome")
	}

	var sending sync.WaitGroup
	for name, b := range bots {
		sending.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%s-%d", name, i)
				if err := b.Send(map[string]any{"type": "say", "text": id, "key": "key-" + id, "ref": "ref-" + id}); err != nil {
					t.Errorf("%s can't send: %v", name, err)
				}
			}
		})
	}
	sending.Wait()

	received := make(map[string][]harness.Event)
	for name, b := range bots {
		acks := make(map[string]harness.Event) // by ref
		ids := make(map[string]int64)          // of messages, by text
		for len(acks) < each || len(received[name]) < 2*each {
			switch e := b.Expect(t, "an ack or a message", func(e harness.Event) bool { return e.Type != "join" }); e.Type {
			case "ack":
				acks[e.Ref] = e
			case "message":
				if n := len(received[name]); n > 0 && e.ID <= received[name][n-1].ID {
					t.Errorf("%s got id %d after %d", name, e.ID, received[name][n-1].ID)
				}
				if via, _, _ := strings.Cut(e.Text, "-"); e.Via != via {
					t.Errorf("%s received %q via %s", name, e.Text, e.Via)
				}
				ids[e.Text] = e.ID
				received[name] = append(received[name], e)
			default:
				t.Fatalf("%s got %+v", name, e)
			}
		}
		for i := range each {
			id := fmt.Sprintf("%s-%d", name, i)
			if ack := acks["ref-"+id]; ack.ID != ids[id] || ack.Key != "key-"+id {
				t.Errorf("%s has id %d, but its ack is %+v", id, ids[id], ack)
			}
		}
	}
	if diff := slices.Compare(idsAndTexts(received["tcp"]), idsAndTexts(received["ws"])); diff != 0 {
		t.Errorf("the bots received different messages:\n%v\n%v", idsAndTexts(received["tcp"]), idsAndTexts(received["ws"]))
	}
}

// idsAndTexts formats each message as its id and text.
func idsAndTexts(events []harness.Event) (all []string) {
	for _, e := range events {
		all = append(all, fmt.Sprintf("%d %s", e.ID, e.Text))
	}
	return all
}

// TestSameKey sends a message twice with the same key, the second time over the other transport, as a bot
// does that received no answer. The second ack has the id of the first message, and the room receives the
// message once.
func TestSameKey(t *testing.T) {
	s := harness.StartServer(t, nil)
	first, second := harness.DialTCPBot(t, s.TCP), harness.DialBot(t, "ws://"+s.HTTP+"/ws")
	first.ExpectType(t, "welcome")
	second.ExpectType(t, "welcome")

	say := map[string]any{"type": "say", "text": "once", "key": "a-key"}
	first.Request(t, say)
	id := first.ExpectType(t, "ack").ID
	second.Request(t, say)
	if again := second.ExpectType(t, "ack").ID; again != id {
		t.Errorf("sent again: got id %d, want %d", again, id)
	}

	second.Request(t, map[string]any{"type": "say", "text": "that was all"})
	for _, b := range []*harness.Bot{first, second} {
		b.Expect(t, "the last message", func(e harness.Event) bool { return e.Text == "that was all" })
		if n := b.Out.Count(func(e harness.Event) bool { return e.Type == "message" && e.Text == "once" }); n != 1 {
			t.Errorf("the message was received %d times, want 1", n)
		}
	}
}
