package sqlite

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// TestReplica copies messages with ids of another journal, some of them twice, and opens the folder again.
func TestReplica(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	options := Options{Retention: history.Retention{Messages: 10}, Replica: true}
	at := time.Date(2020, 1, 2, 3, 4, 5, 6_000_000, time.UTC) // before the ids of a new room
	copyAll := func(j *Journal, room string, ids ...int64) {
		t.Helper()
		for _, id := range ids {
			done := make(chan error, 1)
			j.Copy(&wire.Message{ID: id, At: at, Room: room, From: "alice", Text: fmt.Sprint("text ", id)}, func(err error) { done <- err })
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(j *Journal, room string, want ...int64) {
		t.Helper()
		found, _, err := j.Search(room, history.NewQuery("text"), 1<<53, 100)
		if err != nil || len(found) != len(want) {
			t.Fatalf("%d messages are found in %s, want %d; %v", len(found), room, len(want), err)
		}
		for i, m := range found { // newest first
			if id := want[len(want)-1-i]; m.ID != id || !m.At.Equal(at) || m.Text != fmt.Sprint("text ", id) {
				t.Errorf("%s has %+v, want %d", room, m, id)
			}
		}
	}
	j := start(t, dir, options)
	copyAll(j, "a", 5, 9, 9, 5, 7, 12)
	copyAll(j, "b", 1_000_000_000_000_000)
	check(j, "a", 5, 9, 12)
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	j = start(t, dir, options)
	check(j, "a", 5, 9, 12)
	newest, err := j.Newest()
	if want := map[string]int64{"a": 12, "b": 1_000_000_000_000_000}; err != nil || !maps.Equal(newest, want) {
		t.Errorf("the newest are %v, %v; want %v", newest, err, want)
	}
	copyAll(j, "a", 12, 13)
	check(j, "a", 5, 9, 12, 13)
	for id := range int64(20) {
		copyAll(j, "a", 100+id)
	}
	check(j, "a", 110, 111, 112, 113, 114, 115, 116, 117, 118, 119)
}
