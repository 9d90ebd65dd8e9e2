package sqlite

import (
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// TestEmptiedRoom: a room of which all messages are too old leaves the file, and its next id
// is above all that it had.
func TestEmptiedRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, t.TempDir(), Options{Keep: history.Retention{Messages: 10, Age: time.Hour}})
		j.mu.Lock()
		j.maxUnused = 0 // no room stays in memory
		j.mu.Unlock()
		var last *wire.Message
		for range 3 {
			last = say(t, j, "old", "x")
		}
		time.Sleep(2 * time.Hour)
		say(t, j, "new", "x") // after it, the journal looks for what is too old
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		var rooms int
		if err := j.readers.QueryRow(`SELECT count(*) FROM rooms WHERE name = 'old'`).Scan(&rooms); err != nil || rooms != 0 {
			t.Errorf("the room is %d times in the file, %v", rooms, err)
		}
		if id := j.Open("old"); id < last.ID {
			t.Errorf("it is opened at %d, and had %d", id, last.ID)
		}
		if m := say(t, j, "old", "y"); m.ID <= last.ID {
			t.Errorf("its next id is %d, and it had %d", m.ID, last.ID)
		}
	})
}

// TestReport: one kind of trouble is logged once a minute, whatever others there are.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r report
		for range 2 {
			for _, hint := range []string{"full", "gone"} {
				if !r.isDue(hint) {
					t.Errorf("%s is not logged at first", hint)
				}
				if r.isDue(hint) {
					t.Errorf("%s is logged again", hint)
				}
			}
			time.Sleep(reportEvery - time.Nanosecond)
			if r.isDue("full") {
				t.Error("trouble is logged before its time")
			}
			time.Sleep(time.Nanosecond)
		}
	})
}
