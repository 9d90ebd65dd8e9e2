package jetstream

import (
	"context"
	"fmt"
	"testing"

	"partyline/hub/history"
	"partyline/hub/history/sqlite"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
)

// TestIndex closes a journal while another one continues, and opens it again with its index and with a new one. A search
// must find all messages.
func TestIndex(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	dir := t.TempDir()
	o := Options{URLs: servers.URLs(), Partitions: 2, Retention: history.Retention{Messages: 10_000}}
	f := hubtest.Follow(start(t, o), "r")
	said := 0
	say := func(n int) {
		t.Helper()
		var waiting []<-chan result
		for range n {
			waiting = append(waiting, say(f, fmt.Sprint("number ", said), ""))
			said++
		}
		for _, w := range waiting {
			if r := <-w; r.Err != nil {
				t.Fatal(r.Err)
			}
		}
	}
	find := func(j *Journal) {
		t.Helper()
		await(t, fmt.Sprint(said, " messages are found"), func() bool {
			found, more, err := j.Search("r", history.NewQuery("number"), 1<<53, 10_000)
			return err == nil && len(found) == said && !more
		})
		found, _, err := j.Search("r", history.NewQuery(fmt.Sprint("number ", said-1)), 1<<53, 10)
		if newest := f.Delivered()[said-1]; err != nil || len(found) != 1 || found[0].ID != newest.ID || found[0].From != newest.From {
			t.Errorf("found %v, %v; want %v", found, err, newest)
		}
		await(t, "nothing is left to index", func() bool { return j.Figures().Unindexed == 0 })
	}
	say(300)
	for i, folder := range []string{dir, dir, t.TempDir()} {
		index := newIndex(t, folder, o.Retention)
		indexed := o
		indexed.Index = index
		j := start(t, indexed)
		find(j)
		say(100 + i)
		find(j)
		if err := j.Close(context.Background()); err != nil {
			t.Error(err)
		}
		index.Close(context.Background())
		say(50)
	}
	if _, _, err := f.Journal.(*Journal).Search("r", history.NewQuery("number"), 1<<53, 10); err != history.ErrNoSearch {
		t.Errorf("without an index: %v", err)
	}
}

// TestIndexAsHistory opens the index of a journal as a history on disk. It must have all messages, and continue above
// their ids.
func TestIndexAsHistory(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	dir := t.TempDir()
	o := Options{URLs: servers.URLs(), Retention: history.Retention{Messages: 1000}}
	index := newIndex(t, dir, o.Retention)
	o.Index = index
	j := start(t, o)
	f := hubtest.Follow(j, "r")
	for i := range 100 {
		mustSay(t, f, fmt.Sprint(i))
	}
	await(t, "nothing is left to index", func() bool {
		newest, err := index.Newest()
		return err == nil && newest["r"] == f.Delivered()[99].ID
	})
	j.Close(context.Background())
	index.Close(context.Background())

	disk, err := sqlite.Open(dir, sqlite.Options{Retention: o.Retention})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close(context.Background())
	page, err := disk.Read("r", history.Range{Limit: 1000})
	if err != nil || len(page.Messages) != 100 {
		t.Fatalf("%d messages, %v", len(page.Messages), err)
	}
	for i, m := range page.Messages {
		if want := f.Delivered()[i]; m.ID != want.ID || m.Text != want.Text || m.At.UnixMilli() != want.At.UnixMilli() {
			t.Errorf("%+v, want %+v", m, want)
		}
	}
	on := hubtest.Follow(disk, "r")
	if r := mustSay(t, on, "on disk"); r.ID <= page.Messages[99].ID || on.Last < page.Messages[99].ID {
		t.Errorf("id %d comes after %d, opened at %d", r.ID, page.Messages[99].ID, on.Last)
	}
}
