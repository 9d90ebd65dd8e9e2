package hubtest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// testManyRooms appends to many rooms at once, from several goroutines each: the commits
// of a room come one at a time, once for each message and in the order of the ids, and no
// room has what was said in another.
func testManyRooms(t *testing.T, j history.Journal) {
	const rooms, talkers, each = 30, 3, 20
	var appending, committing sync.WaitGroup
	type place struct {
		busy    atomic.Bool
		last    int64 // guarded by the order of the commits, which the race detector checks
		commits int
	}
	places := make([]place, rooms)
	for r := range rooms {
		room := fmt.Sprint("room-", r)
		places[r].last = j.Open(room)
		for range talkers {
			appending.Go(func() {
				for range each {
					m := &wire.Message{Room: room, Text: room}
					committing.Add(1)
					j.Append(m, "", func(f history.Result) {
						defer committing.Done()
						p := &places[r]
						if p.busy.Swap(true) {
							t.Errorf("%s: two commits at once", room)
						}
						if f.Err != nil || f.Repeated || m.ID <= p.last || m.At.IsZero() {
							t.Errorf("%s: %d of %v comes after %d, %+v", room, m.ID, m.At, p.last, f)
						}
						p.last = m.ID
						p.commits++
						p.busy.Store(false)
					})
				}
			})
		}
	}
	appending.Wait()
	committing.Wait()
	for r := range rooms {
		room := fmt.Sprint("room-", r)
		if n := places[r].commits; n != talkers*each {
			t.Errorf("%s: %d commits", room, n)
		}
		if last := j.Open(room); last != places[r].last {
			t.Errorf("%s: last is %d, committed %d", room, last, places[r].last)
		}
		found, _, err := readBefore(j, room, 1<<53, 1000)
		if err != nil || len(found) != talkers*each {
			t.Errorf("%s: %d messages, %v", room, len(found), err)
		}
		for _, m := range found {
			if m.Text != room || m.Room != room {
				t.Fatalf("%s has %+v", room, m)
			}
		}
	}
}

// testKeyTwice says messages again before the first ones have their places.
func testKeyTwice(t *testing.T, j history.Journal) {
	const keys, times = 3, 5
	var done sync.WaitGroup
	var all [keys][times]wire.Message
	var fates [keys][times]history.Result
	for i := range times {
		for k := range keys {
			m := &all[k][i]
			m.Room, m.Text = "r", fmt.Sprint(k, " ", i)
			done.Add(1)
			j.Append(m, fmt.Sprint("key ", k), func(f history.Result) {
				fates[k][i] = f
				done.Done()
			})
		}
	}
	done.Wait()
	for k := range keys {
		for i := range times {
			if f := fates[k][i]; f.Err != nil || f.Repeated != (i > 0) || all[k][i].ID != all[k][0].ID {
				t.Errorf("key %d for the %d. time: id %d, %+v; first %d", k, i+1, all[k][i].ID, f, all[k][0].ID)
			}
		}
	}
	if found, _, err := readBefore(j, "r", 1<<53, 10); err != nil || len(found) != keys {
		t.Errorf("%d messages are kept, %v", len(found), err)
	}
}
