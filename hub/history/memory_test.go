package history_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// A Memory keeps a message until it is older than the retention age, to the nanosecond.
func TestMemoryAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := history.NewMemory(history.Retention{Messages: 3, Age: time.Hour})
		base := j.Open("r", nil)
		for i := range 5 { // two are too many
			j.Append(&wire.Message{Room: "r", Text: fmt.Sprint(i)}, "", func(history.Result) {})
			time.Sleep(10 * time.Minute)
		}
		texts := func(found []*wire.Message) (all string) {
			for _, m := range found {
				all += m.Text
			}
			return all
		}
		for _, step := range []struct {
			wait   time.Duration
			want   string
			missed int64
		}{{0, "234", 2}, {30 * time.Minute, "234", 2}, {time.Nanosecond, "34", 3}, {15 * time.Minute, "4", 4}, {time.Hour, "", 5}} {
			time.Sleep(step.wait)
			newest, _ := j.Read("r", history.Range{Limit: 10, Newest: true})
			after, _ := j.Read("r", history.Range{After: base, Limit: 10})
			if texts(newest.Messages) != step.want || texts(after.Messages) != step.want || newest.More {
				t.Errorf("after another %v: %s before, %s after, more %v; want %s", step.wait,
					texts(newest.Messages), texts(after.Messages), newest.More, step.want)
			}
			gaps, _ := j.Read("r", history.Range{After: base})
			if len(after.Gaps) != 1 || after.Gaps[0].Missed != step.missed || len(gaps.Gaps) != 1 {
				t.Errorf("after another %v: gaps %v and %v, want one of %d messages", step.wait, after.Gaps, gaps.Gaps, step.missed)
			}
		}
	})
}

func TestMemory(t *testing.T) {
	hubtest.TestJournal(t, func(r history.Retention) history.Journal { return history.NewMemory(r) })
}

func TestMemoryRooms(t *testing.T) {
	for _, rooms := range []int{1, 8} {
		t.Run(fmt.Sprint(rooms), func(t *testing.T) {
			hubtest.TestRooms(t, rooms, func(r history.Retention) history.Journal { return history.NewSmallMemory(r, rooms) })
		})
	}
}

func TestMemoryModel(t *testing.T) {
	const rooms = 2
	var retention history.Retention
	hubtest.ModelTest{
		Open: func(_ *testing.T, r history.Retention) history.Journal {
			retention = r
			return history.NewSmallMemory(r, rooms)
		},
		Rooms: rooms,
		Reopen: func(*testing.T, history.Journal, bool) history.Journal {
			return history.NewSmallMemory(retention, rooms)
		},
		Volatile: true,
	}.Test(t)
}

// TestIDFloor checks the epoch of ids. If it moved to a later time, a new process would give ids
// that earlier processes gave.
func TestIDFloor(t *testing.T) {
	start := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]int64{
		-time.Hour: 0, 0: 0, time.Microsecond: 1, time.Hour: 3_600_000_000,
	} {
		if got := history.IDFloor(start.Add(after)); got != want {
			t.Errorf("%v after the start of 2026: %d, want %d", after, got, want)
		}
	}
}
