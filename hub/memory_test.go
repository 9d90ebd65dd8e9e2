package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
)

// In memory a message is kept for its age to the moment, whoever asks.
func TestMemoryForgetsWhatIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := hub.NewMemory(hub.Retention{Messages: 3, Age: time.Hour})
		base := j.Open("r")
		for i := range 5 { // two are too many
			j.Append(&hub.Message{Room: "r", Text: fmt.Sprint(i)}, "", func(hub.Fate) {})
			time.Sleep(10 * time.Minute)
		}
		texts := func(found []*hub.Message) (all string) {
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
