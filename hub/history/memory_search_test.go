package history

import (
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/wire"
)

// A search waits for other searches, but no longer than searchTime.
func TestSearchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10})
		j.Append(&wire.Message{Room: "r", Text: "pizza"}, "", func(Result) {})
		q := NewQuery("pizza")
		for range cap(j.searchSlots) {
			j.searchSlots <- struct{}{}
		}
		start := time.Now()
		if found, _, err := j.Search("r", q, 1<<53, 10); err == nil || time.Since(start) != searchTime {
			t.Errorf("%d found, %v after %v", len(found), err, time.Since(start))
		}
		time.AfterFunc(time.Second, func() { <-j.searchSlots })
		for range 2 { // each search returns its token
			if found, _, err := j.Search("r", q, 1<<53, 10); err != nil || len(found) != 1 {
				t.Errorf("%d found, %v", len(found), err)
			}
		}
		if took := time.Since(start); took != searchTime+time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// A search that waits too long for its next step returns what it has found, with more set.
func TestSearchTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10 * searchStepSize})
		for range 2 * searchStepSize {
			j.Append(&wire.Message{Room: "r", Text: "pizza"}, "", func(Result) {})
		}
		for range cap(j.searchSlots) {
			j.searchSlots <- struct{}{}
		}
		start := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			found, more, err := j.Search("r", NewQuery("pizza"), 1<<53, 10*searchStepSize)
			if len(found) != searchStepSize || !more || err != nil || time.Since(start) != searchTime {
				t.Errorf("%d found, more %v, %v after %v", len(found), more, err, time.Since(start))
			}
		}()
		synctest.Wait() // it waits for its first step
		go func() { j.searchSlots <- struct{}{} }()
		synctest.Wait() // this comes before its second step
		<-j.searchSlots
		<-done
	})
}

// A search in a large room lets a search in a small room continue between two steps.
func TestSearchesAlternate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10 * searchStepSize})
		for range 2 * searchStepSize {
			j.Append(&wire.Message{Room: "large", Text: "pizza"}, "", func(Result) {})
		}
		j.Append(&wire.Message{Room: "small", Text: "pizza"}, "", func(Result) {})
		for range cap(j.searchSlots) {
			j.searchSlots <- struct{}{}
		}
		search := func(room string) (done chan struct{}) {
			done = make(chan struct{})
			go func() {
				defer close(done)
				j.Search(room, NewQuery("pasta"), 1<<53, 10)
			}()
			synctest.Wait() // it waits for its first step
			return done
		}
		large, small := search("large"), search("small")
		go func() { j.searchSlots <- struct{}{} }()
		synctest.Wait()
		<-j.searchSlots
		<-small
		synctest.Wait()
		select {
		case <-large:
			t.Error("the large room was searched to the end first")
		default:
		}
		<-j.searchSlots
		<-large
	})
}
