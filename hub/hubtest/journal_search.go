package hubtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// testSearch compares searches, page by page, with history.Query.Matches of all stored messages.
func testSearch(t *testing.T, j history.Journal) {
	if _, ok := j.(history.Searcher); !ok {
		t.Skip("the journal has no search")
	}
	texts := []string{"Pizza on Friday", "no pizza", "a foo-bar", "bar, foo", "Ångström", "東京タワー", "", `"NEAR" OR *`}
	var ids []int64
	for i := range 50 { // ten are too many
		m := &wire.Message{Room: "r", From: []string{"alice", "Zoë"}[i%2], Text: fmt.Sprint(texts[i%len(texts)], "\n", i), Action: i%3 == 0}
		done := make(chan history.Result, 1)
		j.Append(m, "", func(result history.Result) { done <- result })
		if result := <-done; result.Err != nil {
			t.Fatal(result.Err)
		}
		ids = append(ids, m.ID)
	}
	appendText(t, j, "other", "", "pizza elsewhere")
	for len(searchAll(t, j, "other", history.NewQuery("elsewhere"), 1<<53, 1)) == 0 || len(searchAll(t, j, "r", history.NewQuery("49"), 1<<53, 1)) == 0 {
		<-time.After(time.Millisecond) // an index may be a moment behind
	}
	kept, _, err := readBefore(j, "r", 1<<53, 100)
	if err != nil || len(kept) != 40 {
		t.Fatalf("%d are stored, %v", len(kept), err)
	}
	for _, words := range []string{
		"pizza", "PIZZA fri", "izza", "zoe", "alice 48", "foo-bar", "foo bar", "angstrom", "京タ", "京ワ", "near", "or", "or*", "7", "nobody",
	} {
		q := history.NewQuery(words)
		for _, before := range []int64{1 << 53, j.Open("r", nil) + 1, ids[30], ids[11], ids[10], ids[3]} {
			var want []int64
			for _, m := range slices.Backward(kept) {
				if m.ID < before && q.Matches(m) {
					want = append(want, m.ID)
				}
			}
			for _, limit := range []int{1, 4, 100} {
				if got := searchAll(t, j, "r", q, before, limit); !slices.Equal(got, want) {
					t.Errorf("%q before %d by %d: %v, want %v", words, before, limit, got, want)
				}
			}
		}
	}
	found, more, err := search(j, "silent", history.NewQuery("pizza"), 1<<53, 10)
	if found != nil || more || err != nil {
		t.Errorf("in a new room: %v, %v, %v", found, more, err)
	}
}

// search searches a room, and finds nothing if the journal is no Searcher.
func search(j history.Journal, room string, q *history.Query, before int64, limit int) ([]*wire.Message, bool, error) {
	s, ok := j.(history.Searcher)
	if !ok {
		return nil, false, nil
	}
	for {
		found, more, err := s.Search(room, q, before, limit)
		if !errors.Is(err, history.ErrIndexing) {
			return found, more, err
		}
		<-time.After(time.Millisecond)
	}
}

// searchAll returns the ids of all messages that match, and searches page by page.
func searchAll(t *testing.T, j history.Journal, room string, q *history.Query, before int64, limit int) (ids []int64) {
	t.Helper()
	for {
		found, more, err := search(j, room, q, before, limit)
		if err != nil || len(found) > limit || more && len(found) == 0 {
			t.Fatalf("%d found of %d, more %v, %v", len(found), limit, more, err)
		}
		for _, m := range found {
			ids = append(ids, m.ID)
			before = m.ID
		}
		if !more {
			return ids
		}
	}
}
