package hub

import (
	"testing"
	"testing/synctest"
	"time"
)

// A search waits for others, though not for ever.
func TestSearchesWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10})
		j.Append(&Message{Room: "r", Text: "pizza"}, "", func(Fate) {})
		q := NewQuery("pizza")
		for range cap(j.searching) {
			j.searching <- struct{}{}
		}
		began := time.Now()
		if found, _, err := j.Search("r", q, 1<<53, 10); err == nil || time.Since(began) != searchWait {
			t.Errorf("%d found, %v after %v", len(found), err, time.Since(began))
		}
		time.AfterFunc(time.Second, func() { <-j.searching })
		for range 2 { // the token is given back
			if found, _, err := j.Search("r", q, 1<<53, 10); err != nil || len(found) != 1 {
				t.Errorf("%d found, %v", len(found), err)
			}
		}
		if took := time.Since(began); took != searchWait+time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
