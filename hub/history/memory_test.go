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

// In memory a message is kept for its age to the moment, whoever asks.
func TestMemoryForgetsWhatIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := history.NewMemory(history.Retention{Messages: 3, Age: time.Hour})
		base := j.Open("r")
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
			wait    time.Duration
			want    string
			missing int64
		}{{0, "234", 2}, {30 * time.Minute, "234", 2}, {time.Nanosecond, "34", 3}, {15 * time.Minute, "4", 4}, {time.Hour, "", 5}} {
			time.Sleep(step.wait)
			before, more, _ := j.Before("r", 1<<53, 10)
			after, missing, _ := j.After("r", base, j.Open("r"), 10)
			if texts(before) != step.want || texts(after) != step.want || more {
				t.Errorf("%v on: %s before, %s after, more %v; want %s", step.wait, texts(before), texts(after), more, step.want)
			}
			if len(missing) != 1 || missing[0].Count != step.missing || !j.Lacks("r", base) {
				t.Errorf("%v on: missing %v, want %d", step.wait, missing, step.missing)
			}
		}
	})
}

func TestMemory(t *testing.T) {
	hubtest.TestJournal(t, func(keep history.Retention) history.Journal { return history.NewMemory(keep) })
}

func TestMemoryRooms(t *testing.T) {
	for _, rooms := range []int{1, 8} {
		t.Run(fmt.Sprint(rooms), func(t *testing.T) {
			hubtest.TestRooms(t, rooms, func(keep history.Retention) history.Journal { return history.NewSmallMemory(keep, rooms) })
		})
	}
}

func TestMemoryHistories(t *testing.T) {
	const rooms = 2
	var kept history.Retention
	hubtest.Histories{
		Open: func(_ *testing.T, keep history.Retention) history.Journal {
			kept = keep
			return history.NewSmallMemory(keep, rooms)
		},
		Rooms:    rooms,
		Reopen:   func(*testing.T, history.Journal, bool) history.Journal { return history.NewSmallMemory(kept, rooms) },
		Volatile: true,
	}.Test(t)
}
