package hubtest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// testManyRooms appends to many rooms at once, from several goroutines each. The commits of a room
// must come one at a time, once for each message and in the order of the ids, and each room must
// have its own messages only.
func testManyRooms(t *testing.T, j history.Journal) {
	const rooms, goroutines, each = 30, 3, 20
	var appending, committing sync.WaitGroup
	type state struct {
		busy    atomic.Bool
		last    int64 // guarded by the order of the commits, which the race detector checks
		commits int
	}
	states := make([]state, rooms)
	for r := range rooms {
		room := fmt.Sprint("room-", r)
		states[r].last = j.Open(room, nil)
		for range goroutines {
			appending.Go(func() {
				for range each {
					m := &wire.Message{Room: room, From: "alice", Text: room}
					committing.Add(1)
					j.Append(m, "", func(result history.Result) {
						defer committing.Done()
						s := &states[r]
						if s.busy.Swap(true) {
							t.Errorf("%s: two commits at once", room)
						}
						if result.Err != nil || result.Repeated || m.ID <= s.last || m.At.IsZero() {
							t.Errorf("%s: %d of %v comes after %d, %+v", room, m.ID, m.At, s.last, result)
						}
						s.last = m.ID
						s.commits++
						s.busy.Store(false)
					})
				}
			})
		}
	}
	appending.Wait()
	committing.Wait()
	for r := range rooms {
		room := fmt.Sprint("room-", r)
		if n := states[r].commits; n != goroutines*each {
			t.Errorf("%s: %d commits", room, n)
		}
		if last := j.Open(room, nil); last != states[r].last {
			t.Errorf("%s: last is %d, committed %d", room, last, states[r].last)
		}
		found, _, err := readBefore(j, room, 1<<53, 1000)
		if err != nil || len(found) != goroutines*each {
			t.Errorf("%s: %d messages, %v", room, len(found), err)
		}
		for _, m := range found {
			if m.Text != room || m.Room != room {
				t.Fatalf("%s has %+v", room, m)
			}
		}
	}
}

// testKeyTwice repeats keys before the first messages with them are committed.
func testKeyTwice(t *testing.T, j history.Journal) {
	const keys, times = 3, 5
	var done sync.WaitGroup
	var all [keys][times]wire.Message
	var results [keys][times]history.Result
	for i := range times {
		for k := range keys {
			m := &all[k][i]
			m.Room, m.From, m.Text = "r", "alice", fmt.Sprint(k, " ", i)
			done.Add(1)
			j.Append(m, fmt.Sprint("key ", k), func(result history.Result) {
				results[k][i] = result
				done.Done()
			})
		}
	}
	done.Wait()
	for k := range keys {
		for i := range times {
			if result := results[k][i]; result.Err != nil || result.Repeated != (i > 0) || all[k][i].ID != all[k][0].ID {
				t.Errorf("key %d, time %d: id %d, %+v; first %d", k, i+1, all[k][i].ID, result, all[k][0].ID)
			}
		}
	}
	if found, _, err := readBefore(j, "r", 1<<53, 10); err != nil || len(found) != keys {
		t.Errorf("%d messages are stored, %v", len(found), err)
	}
}
