package history

import (
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/wire"
)

// A search waits for its turns, though not for ever.
func TestSearchesWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10})
		j.Append(&wire.Message{Room: "r", Text: "pizza"}, "", func(Result) {})
		q := NewQuery("pizza")
		for range cap(j.searching) {
			j.searching <- struct{}{}
		}
		began := time.Now()
		if found, _, err := j.Search("r", q, 1<<53, 10); err == nil || time.Since(began) != searchTime {
			t.Errorf("%d found, %v after %v", len(found), err, time.Since(began))
		}
		time.AfterFunc(time.Second, func() { <-j.searching })
		for range 2 { // the token is given back
			if found, _, err := j.Search("r", q, 1<<53, 10); err != nil || len(found) != 1 {
				t.Errorf("%d found, %v", len(found), err)
			}
		}
		if took := time.Since(began); took != searchTime+time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// A search that waits too long for its next turn returns what it has found, and that there may be more.
func TestSearchReturnsWhatItHasFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10 * searchTurn})
		for range 2 * searchTurn {
			j.Append(&wire.Message{Room: "r", Text: "pizza"}, "", func(Result) {})
		}
		for range cap(j.searching) {
			j.searching <- struct{}{}
		}
		began := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			found, more, err := j.Search("r", NewQuery("pizza"), 1<<53, 10*searchTurn)
			if len(found) != searchTurn || !more || err != nil || time.Since(began) != searchTime {
				t.Errorf("%d found, more %v, %v after %v", len(found), more, err, time.Since(began))
			}
		}()
		synctest.Wait() // it waits for its first turn
		go func() { j.searching <- struct{}{} }()
		synctest.Wait() // and this one comes before its second
		<-j.searching
		<-done
	})
}

// A search in a large room takes turns with one in a small room.
func TestSearchInALargeRoomDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10 * searchTurn})
		for range 2 * searchTurn {
			j.Append(&wire.Message{Room: "large", Text: "pizza"}, "", func(Result) {})
		}
		j.Append(&wire.Message{Room: "small", Text: "pizza"}, "", func(Result) {})
		for range cap(j.searching) {
			j.searching <- struct{}{}
		}
		search := func(room string) (done chan struct{}) {
			done = make(chan struct{})
			go func() {
				defer close(done)
				j.Search(room, NewQuery("pasta"), 1<<53, 10)
			}()
			synctest.Wait() // until it waits for its turn
			return done
		}
		large, small := search("large"), search("small")
		go func() { j.searching <- struct{}{} }()
		synctest.Wait()
		<-j.searching
		<-small
		synctest.Wait()
		select {
		case <-large:
			t.Error("the large room was searched to its end first")
		default:
		}
		<-j.searching
		<-large
	})
}
