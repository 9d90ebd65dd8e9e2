package hubtest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// loadKept is the number of messages that each room retains under load. Only large rooms have that
// many.
const loadKept = 40

// A load is a number of concurrent clients that visit their own rooms and create new ones, while
// other goroutines read.
type load struct {
	forgetTest
	keep history.Retention
	time time.Duration
}

// test checks that each room is complete, or forgotten if the Journal forgets rooms, and that no id
// is given twice. Rooms with many messages must not be forgotten.
func (l load) test(t *testing.T, j history.Journal) {
	const clients = 4
	bases := make([]int64, max(l.rooms-1, 1))
	large := func(i int) string { return fmt.Sprint("large-", i) }
	for i := range bases {
		bases[i] = fill(t, j, large(i), loadKept)
	}
	var talking, reading sync.WaitGroup
	var done atomic.Bool
	start := time.Now()
	for c := range clients {
		talking.Go(func() {
			random := rand.New(rand.NewPCG(uint64(c), 0))
			own := make([]loadRoom, 4)
			for i := range own {
				own[i] = loadRoom{load: l, name: ownRoom(c, i), keyed: i%2 == 0}
			}
			for i := 0; i < 3 || time.Since(start) < l.time; i++ {
				own[random.IntN(len(own))].visit(t, j, 1+random.IntN(2))
				other := loadRoom{load: l, name: fmt.Sprintf("other-%d-%d", c, i)}
				other.visit(t, j, 1)
			}
		})
	}
	reading.Go(func() {
		random := rand.New(rand.NewPCG(0, 1))
		for !done.Load() && !t.Failed() {
			i := random.IntN(len(bases))
			j.Open(large(i), nil)
			found, gaps, err := readAfter(j, large(i), bases[i], 1<<53, loadKept)
			if l.keep.Age == 0 && (len(found) != loadKept || gaps != nil) || err != nil {
				t.Errorf("%s: %d messages, gaps %v, %v", large(i), len(found), gaps, err)
			}
			j.Release(large(i))
			readConcurrently(t, j, ownRoom(random.IntN(clients), random.IntN(4)))
		}
	})
	if l.keep.Age > 0 {
		silent := loadRoom{load: l, name: "silent"}
		silent.outlive(t, j)
	}
	talking.Wait()
	done.Store(true)
	reading.Wait()
}

// ownRoom returns the name of a room to which only one client appends.
func ownRoom(client, i int) string { return fmt.Sprintf("client-%d-%d", client, i) }

// readConcurrently reads and searches a room to which a client may append at the same time.
func readConcurrently(t *testing.T, j history.Journal, room string) {
	found, _, err := readBefore(j, room, 1<<53, loadKept)
	if err != nil {
		t.Error(err)
	}
	for i, m := range found {
		if m.Room != room || i > 0 && m.ID <= found[i-1].ID {
			t.Errorf("%s has %+v after %+v", room, m, found[max(i-1, 0)])
		}
	}
	hasGap(t, j, room, 1)
	if _, _, err := search(j, room, history.NewQuery("1"), 1<<53, 3); err != nil {
		t.Error(err)
	}
}

// A loadRoom is the state of a room as known to the only client that appends to it.
type loadRoom struct {
	load
	name  string
	keyed bool            // its messages have keys
	kept  []*wire.Message // the messages that must be in history
	last  int64           // the newest id that was given
	said  int
}

// visit opens the room, appends n messages at once, repeats the last one if they have keys, and
// releases the room. It checks the room before and after that.
func (r *loadRoom) visit(t *testing.T, j history.Journal, n int) {
	base := j.Open(r.name, nil)
	defer j.Release(r.name)
	if base < r.last {
		t.Errorf("%s: opened at %d, it gave %d", r.name, base, r.last)
	}
	r.check(t, j, r.forgets)
	var committed sync.WaitGroup
	say := func(again bool) {
		m := &wire.Message{Room: r.name, Text: fmt.Sprint(r.said)}
		key := ""
		if r.keyed {
			key = fmt.Sprint("key ", r.said)
		}
		committed.Add(1)
		j.Append(m, key, func(result history.Result) {
			defer committed.Done()
			switch {
			case result.Err != nil || result.Unstored || result.Repeated != again || !again && m.ID <= max(base, r.last) || again && m.ID != r.last:
				t.Errorf("%s: id %d after %d, opened at %d, again %v: %+v", r.name, m.ID, r.last, base, again, result)
			case !again:
				r.last = m.ID
				r.kept = append(r.kept, m)
			}
		})
	}
	for range n {
		r.said++
		say(false)
	}
	if r.keyed {
		say(true)
	}
	committed.Wait()
	r.check(t, j, false)
}

// outlive keeps the room open until its messages are too old, and then appends more.
func (r *loadRoom) outlive(t *testing.T, j history.Journal) {
	j.Open(r.name, nil)
	r.visit(t, j, 1)
	for late := time.Now().Add(patience); count(t, j, r.name) > 0; time.Sleep(r.keep.Age / 10) {
		if time.Now().After(late) {
			t.Fatal("an old message is kept")
		}
	}
	r.visit(t, j, 1)
	j.Release(r.name)
	for i := range 10 { // some journals have few other rooms in memory
		fill(t, j, fmt.Sprint("empty-", i), 0)
	}
	r.visit(t, j, 1)
}

// check compares the room with the messages that it must have.
func (r *loadRoom) check(t *testing.T, j history.Journal, mayBeForgotten bool) {
	found, _, err := readBefore(j, r.name, 1<<53, 2*loadKept)
	if err != nil {
		t.Error(err)
	}
	r.kept = r.kept[max(len(r.kept)-loadKept, 0):]
	if len(found) == 0 && mayBeForgotten {
		r.kept = nil
	}
	for age := r.keep.Age; age > 0 && len(r.kept) > len(found) && time.Since(r.kept[0].At) > age; {
		r.kept = r.kept[1:]
	}
	if len(found) != len(r.kept) {
		t.Errorf("%s has %d messages, want %d", r.name, len(found), len(r.kept))
		return
	}
	for i, m := range found {
		if m.ID != r.kept[i].ID || m.Text != r.kept[i].Text {
			t.Errorf("%s: message %d of %d is %d %q, want %d %q", r.name, i, len(found), m.ID, m.Text, r.kept[i].ID, r.kept[i].Text)
		}
	}
}
