package client

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestThin thins queues of random events. What is left is in order, other events than messages and
// presence stay, and each message is there or in the gap at its position.
func TestThin(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 0))
		var q queue
		var sent []Event
		lastID := int64(0)
		for range 1 + random.IntN(40) {
			var e Event
			switch random.IntN(8) {
			case 0:
				e = &Private{Text: fmt.Sprint(len(sent))}
			case 1:
				e = &Joined{Nick: "n"}
			case 2:
				lastID += 10
				e = &Welcome{Last: lastID}
			default:
				lastID += 1 + random.Int64N(3)
				e = &Message{ID: lastID}
			}
			sent = append(sent, e)
			q.push(e)
			if random.IntN(10) == 0 && q.len() > 1 && q.first == 0 && len(sent) > 0 {
				if got := q.pop(); got != sent[0] {
					t.Fatalf("seed %d: popped %v, want %v", seed, got, sent[0])
				}
				sent = sent[1:]
			}
		}
		before := q.len()
		for range 1 + random.IntN(3) {
			q.thin()
		}
		if q.len() > before {
			t.Errorf("seed %d: %d events became %d", seed, before, q.len())
		}
		k := 0
		for q.len() > 0 {
			e := q.pop()
			gap, isGap := e.(*Gap)
			if !isGap {
				if k == len(sent) || sent[k] != e {
					t.Fatalf("seed %d: got %T at position %d", seed, e, k)
				}
				k++
				continue
			}
			missed := int64(0)
			for ; k < len(sent); k++ {
				m, isMessage := sent[k].(*Message)
				_, isJoin := sent[k].(*Joined)
				if !isMessage && !isJoin || isMessage && missed == gap.Missed {
					break
				}
				if isMessage {
					if missed++; m.ID <= gap.After || gap.Before != 0 && m.ID >= gap.Before {
						t.Fatalf("seed %d: message %d is not in %+v", seed, m.ID, gap)
					}
				} else if missed == gap.Missed && q.len() > 0 && q.events[q.first] == sent[k] {
					break
				}
			}
			if missed != gap.Missed {
				t.Fatalf("seed %d: %+v has %d messages", seed, gap, missed)
			}
		}
		if k != len(sent) {
			t.Fatalf("seed %d: %d of %d events", seed, k, len(sent))
		}
	}
}

// FuzzReceive passes lines of a server to a client. No line makes it panic or wait.
func FuzzReceive(f *testing.F) {
	for _, line := range []string{
		`{"type":"welcome","room":"lobby","nick":"a","members":[{"nick":"a","via":"tcp"}],"count":1,"last":5,"server":{"name":"partyline","version":"1"}}`,
		`{"type":"message","id":6,"at":"2026-03-01T12:00:00.000Z","room":"lobby","from":"b","via":"ws","text":"hi","stored":false}`,
		`{"type":"action","id":7,"text":"waves"}`, `{"type":"gap","after":7,"before":9,"missed":1,"lost":true}`, `{"type":"gap","after":-1}`,
		`{"type":"history","ref":"page","messages":[{"type":"message","id":6,"text":"x"},null],"more":true}`,
		`{"type":"nick","nick":"a","to":"b"}`, `{"type":"private","from":"a","to":"b","text":"x"}`, `{"type":"presence","arrived":1}`,
		`{"type":"join","nick":"c"}`, `{"type":"leave","nick":"c","text":"bye"}`, `{"type":"notice","code":"unstored","key":"key-0","id":8}`,
		`{"type":"error","code":"unavailable","message":"no","ref":"page"}`, `{"type":"ack","key":"key-0","id":8}`, `{"type":"ping"}`,
		`{"type":"bye","reason":"shutdown","reconnect":true,"after_ms":-5}`, `{"type":"dance"}`, `[]`, `null`, `{"type":"who","members":null}`,
	} {
		f.Add(`{"type":"message","id":1}`, line)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, catchingUp := range []bool{false, true} {
			c := &session{outbox: newOutbox(), wake: make(chan struct{}, 1), room: "lobby", nick: "a", identity: newIdentity("a", "")}
			c.changed.L = &c.mu
			answers := 0
			c.outbox.prefix = "key" // the name of the first request is key-0
			c.outbox.add(&request{done: func(*object, error) { answers++ }})
			if catchingUp {
				c.catchUp = &catchUp{upTo: 5}
				c.outbox.addUrgent(&request{name: "page", done: c.receivePage})
			}
			for _, line := range []string{first, second} {
				o, err := decode([]byte(line))
				if err != nil {
					continue
				}
				c.receive([]object{*o})
			}
			if answers > 1 {
				t.Errorf("%d answers to one request", answers)
			}
			last := int64(0)
			for c.events.len() > 0 {
				switch e := c.events.pop().(type) {
				case *Message:
					if e.ID <= last {
						t.Errorf("message %d after %d", e.ID, last)
					}
					last = e.ID
				case *Welcome:
					last = e.Last
				case nil:
					t.Error("an event is nil")
				}
			}
		}
	})
}
