package sqlite

import (
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// A room whose messages are all too old is removed from the file, and its next id is greater than
// all ids that it gave.
func TestEmptyRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := start(t, t.TempDir(), Options{Retention: history.Retention{Messages: 10, Age: time.Hour}})
		j.mu.Lock()
		j.maxUnused = 0 // no unused room stays in memory
		j.mu.Unlock()
		var last *wire.Message
		for range 3 {
			last = say(t, j, "old", "x")
		}
		time.Sleep(2 * time.Hour)
		say(t, j, "new", "x") // the writer runs, and deletes what is too old
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		var rooms int
		if err := j.readers.QueryRow(`SELECT count(*) FROM rooms WHERE name = 'old'`).Scan(&rooms); err != nil || rooms != 0 {
			t.Errorf("the room is %d times in the file, %v", rooms, err)
		}
		if id := j.Open("old"); id < last.ID {
			t.Errorf("opened at %d, it gave %d", id, last.ID)
		}
		if m := say(t, j, "old", "y"); m.ID <= last.ID {
			t.Errorf("the next id is %d, it gave %d", m.ID, last.ID)
		}
	})
}

// Each kind of failure is logged once a minute, independently of others.
func TestLogLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logLimiter
		for range 2 {
			for _, hint := range []string{"full", "gone"} {
				if !l.allow(hint) {
					t.Errorf("%s is not logged at first", hint)
				}
				if l.allow(hint) {
					t.Errorf("%s is logged again", hint)
				}
			}
			time.Sleep(logEvery - time.Nanosecond)
			if l.allow("full") {
				t.Error("a failure is logged again too early")
			}
			time.Sleep(time.Nanosecond)
		}
	})
}
