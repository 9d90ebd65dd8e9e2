package hubtest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// A Follower notes what one of several Journals that share messages delivers in a room, in its order: what it commits,
// except for repetitions, and what it hears.
type Follower struct {
	Journal history.Journal
	Last    int64 // from Open
	room    string

	mu       sync.Mutex
	messages []*wire.Message
}

// Follow opens a room.
func Follow(j history.Journal, room string) *Follower {
	f := &Follower{Journal: j, room: room}
	f.Last = j.Open(room, func(m *wire.Message, _ bool) { f.add(m) })
	return f
}

func (f *Follower) add(m *wire.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.messages = append(f.messages, m)
}

// Say appends a message. done gets the message and the Result.
func (f *Follower) Say(text, key string, done func(*wire.Message, history.Result)) {
	m := &wire.Message{Room: f.room, From: "alice", Via: "tcp", Text: text}
	f.Journal.Append(m, key, func(r history.Result) {
		if r.Err == nil && !r.Repeated {
			f.add(m)
		}
		done(m, r)
	})
}

// Delivered returns what was delivered so far.
func (f *Follower) Delivered() []*wire.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.messages)
}

// Await waits until n messages were delivered, and returns them.
func (f *Follower) Await(t testing.TB, n int) []*wire.Message {
	t.Helper()
	timeout := time.After(patience)
	for {
		if got := f.Delivered(); len(got) >= n {
			return got
		}
		select {
		case <-timeout:
			t.Fatalf("%d of %d messages were delivered", len(f.Delivered()), n)
		case <-time.After(time.Millisecond):
		}
	}
}

// SameOrder fails the test unless all have delivered the same messages, with increasing ids, and returns them.
func SameOrder(t testing.TB, followers []*Follower) []*wire.Message {
	t.Helper()
	first := followers[0].Delivered()
	last := int64(0)
	for _, m := range first {
		if m.ID <= last {
			t.Fatalf("%d comes after %d", m.ID, last)
		}
		last = m.ID
	}
	for i, f := range followers[1:] {
		other := f.Delivered()
		same := slices.EqualFunc(first, other, func(a, b *wire.Message) bool {
			return a.ID == b.ID && a.Text == b.Text && a.From == b.From && a.Via == b.Via && a.At.Equal(b.At)
		})
		if !same {
			t.Fatalf("journal %d delivered %d messages, and journal 0 %d, or in another order", i+1, len(other), len(first))
		}
	}
	return first
}

// TestSharedJournal tests Journals that share their messages. open returns n new ones.
func TestSharedJournal(t *testing.T, open func(n int) []history.Journal) {
	t.Run("one order", func(t *testing.T) { testSharedOrder(t, open(3)) })
	t.Run("a key at two", func(t *testing.T) { testSharedKeys(t, open(2)) })
	t.Run("history", func(t *testing.T) { testSharedHistory(t, open(2)) })
}

// testSharedOrder says messages at all Journals at once. Each must deliver all in one order, with those of a sender in
// the order in which it said them.
func testSharedOrder(t *testing.T, journals []history.Journal) {
	const senders, each = 3, 200
	var followers []*Follower
	for _, j := range journals {
		followers = append(followers, Follow(j, "r"))
	}
	var said sync.WaitGroup
	for n, f := range followers {
		for s := range senders {
			said.Go(func() {
				var acks sync.WaitGroup
				for i := range each {
					acks.Add(1)
					f.Say(fmt.Sprint(n*senders+s, " ", i), "", func(_ *wire.Message, r history.Result) {
						defer acks.Done()
						if r.Err != nil {
							t.Error(r.Err)
						}
					})
				}
				acks.Wait()
			})
		}
	}
	said.Wait()
	for _, f := range followers {
		f.Await(t, len(journals)*senders*each)
	}
	next := make([]int, len(journals)*senders)
	for _, m := range SameOrder(t, followers) {
		var s, i int
		fmt.Sscan(m.Text, &s, &i)
		if i != next[s] {
			t.Fatalf("sender %d: message %d comes instead of %d", s, i, next[s])
		}
		next[s]++
	}
}

// testSharedKeys says each message with its key at both Journals at once.
func testSharedKeys(t *testing.T, journals []history.Journal) {
	const keys = 200
	followers := []*Follower{Follow(journals[0], "r"), Follow(journals[1], "r")}
	var mu sync.Mutex
	ids := make(map[string][]int64)
	first := 0
	var done sync.WaitGroup
	for i := range keys {
		for _, f := range followers {
			done.Add(1)
			key := fmt.Sprint("key ", i)
			f.Say(key, key, func(m *wire.Message, r history.Result) {
				defer done.Done()
				mu.Lock()
				defer mu.Unlock()
				if r.Err != nil {
					t.Error(r.Err)
				}
				if !r.Repeated {
					first++
				}
				ids[key] = append(ids[key], m.ID)
			})
		}
	}
	done.Wait()
	for _, f := range followers {
		f.Await(t, keys)
	}
	if said := SameOrder(t, followers); len(said) != keys || first != keys {
		t.Errorf("%d messages, of which %d are no repetitions, for %d keys", len(said), first, keys)
	}
	for key, both := range ids {
		if both[0] != both[1] {
			t.Errorf("%s has the ids %v", key, both)
		}
	}
}

// testSharedHistory reads at one Journal what was said at another, from every id on.
func testSharedHistory(t *testing.T, journals []history.Journal) {
	const n = 60
	speaker := Follow(journals[0], "r")
	for i := range n {
		var done sync.WaitGroup
		done.Add(1)
		speaker.Say(fmt.Sprint(i), "", func(*wire.Message, history.Result) { done.Done() })
		done.Wait()
	}
	said := speaker.Delivered()
	if len(said) != n {
		t.Fatalf("%d of %d were said", len(said), n)
	}
	late := Follow(journals[1], "r")
	for late.Last < said[n-1].ID && len(late.Delivered()) == 0 || len(late.Delivered()) > 0 && late.Delivered()[len(late.Delivered())-1].ID < said[n-1].ID {
		<-time.After(time.Millisecond)
	}
	for i, m := range said {
		found, gaps, err := readAfter(journals[1], "r", m.ID, said[n-1].ID, n)
		if len(found) != n-1-i || gaps != nil || err != nil {
			t.Fatalf("after message %d: %d messages, gaps %v, %v", i, len(found), gaps, err)
		}
		for k, got := range found {
			if want := said[i+1+k]; got.ID != want.ID || got.Text != want.Text || !got.At.Equal(want.At) {
				t.Fatalf("after message %d: %+v, want %+v", i, got, want)
			}
		}
		before, more, err := readBefore(journals[1], "r", m.ID, 7)
		if len(before) != min(i, 7) || more != (i > 7) || err != nil {
			t.Fatalf("before message %d: %d messages, more %v, %v", i, len(before), more, err)
		}
	}
}
