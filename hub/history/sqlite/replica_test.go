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
			j.Copy(&wire.Message{ID: id, At: at, Room: room, From: "alice", Text: fmt.Sprint("text ", id)}, "", func(err error) { done <- err })
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

// TestReplicaAsHistory copies messages whose ids were counted in two rooms together, and uses the folder as a history, and
// an export of it. No ids between the messages may count as missing, but those of deleted messages may. A key belongs to
// the last message that was copied with it.
func TestReplicaAsHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := start(t, dir, Options{Retention: history.Retention{Messages: 3}, Replica: true})
	at := time.Now()
	for id := int64(1001); id <= 1010; id++ {
		done := make(chan error, 1)
		m := &wire.Message{ID: id, At: at, Room: []string{"even", "odd"}[id%2], From: "alice", Text: "text"}
		j.Copy(m, []string{"", "key"}[id%2], func(err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	imported := copyByImport(t, dir)
	for _, dir := range []string{dir, imported} {
		j := start(t, dir, retain(4))
		say(t, j, "odd", "next")
		for after, missed := range map[int64]int64{0: -1, 1003: -1, 1004: 0, 1005: 0, 1006: 0, 1007: 0, 1008: 0, 1009: 0} {
			page, err := j.Read("odd", history.Range{After: after, Limit: 10})
			if err != nil || len(page.Messages) == 0 {
				t.Fatalf("since %d: %d messages, %v", after, len(page.Messages), err)
			}
			switch {
			case hasGap(t, j, "odd", after) != (missed != 0):
				t.Errorf("since %d: a gap is reported: %v", after, missed == 0)
			case missed == 0 && len(page.Gaps) > 0, missed != 0 && (len(page.Gaps) != 1 || page.Gaps[0].Missed != missed):
				t.Errorf("since %d: gaps %v, want %d", after, gapsOf(page.Gaps), missed)
			}
		}
		if m, r := try(j, "odd", "key", "again"); !r.Repeated || m.ID != 1009 {
			t.Errorf("the key has id %d, %+v", m.ID, r)
		}
	}
}
