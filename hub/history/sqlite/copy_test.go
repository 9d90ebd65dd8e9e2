package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// TestModelOfCopies is TestModel with journals that are exported and imported into a new folder in
// place of being opened again. Each import is verified, and a second export of it is the same.
func TestModelOfCopies(t *testing.T) {
	t.Parallel()
	hubtest.ModelTest{
		Open: func(t *testing.T, r history.Retention) history.Journal {
			return startSmall(t, t.TempDir(), Options{Retention: r})
		},
		Reopen: func(t *testing.T, j history.Journal, _ bool) history.Journal {
			s := j.(*Journal)
			if err := s.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			return startSmall(t, copyByImport(t, s.dir), s.options)
		},
	}.Test(t)
}

// copyByImport imports an export, in two parts, into a new folder.
func copyByImport(t *testing.T, from string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	records := recordsOf(t, from, ExportOptions{})
	importAll(t, dir, records[:len(records)/2], false)
	importAll(t, dir, records, false)
	verifyAll(t, dir)
	if again := recordsOf(t, dir, ExportOptions{}); !reflect.DeepEqual(again, records) {
		t.Errorf("an export of the import differs:\n%s\nwant\n%s", lines(again), lines(records))
	}
	return dir
}

func lines(records []*history.Record) string {
	var b []byte
	for _, r := range records {
		b, _ = r.Append(b)
	}
	return string(b)
}

// TestImport compares random histories with their imports: pages, searches, and answers to repeated keys.
func TestImport(t *testing.T) {
	t.Parallel()
	for range 2 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) { testImport(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func testImport(t *testing.T, random *rand.Rand) {
	const rooms, keys = 3, 30
	keep := retain(5 + random.IntN(40))
	from := t.TempDir()
	j := start(t, from, keep)
	for range 3 { // so that old messages are deleted
		for range 50 {
			m := &wire.Message{
				Room: fmt.Sprint("room-", random.IntN(rooms)), From: "Ünal", Via: "ws", Action: random.IntN(4) == 0,
				Text: strings.Repeat(`words <&> "quoted"`+"\n\tüß ", random.IntN(3)) + talk(random),
			}
			key := ""
			if random.IntN(2) == 0 {
				key = fmt.Sprint("schlüssel ", random.IntN(keys))
			}
			done := make(chan history.Result, 1)
			j.Append(m, key, func(r history.Result) { done <- r })
			if r := <-done; r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		j.Close(context.Background())
		j = start(t, from, keep)
		for i := range rooms {
			awaitIndex(t, j, fmt.Sprint("room-", i), 10*time.Second)
		}
	}
	j.Close(context.Background())
	to := copyByImport(t, from)
	original, copied := start(t, from, keep), start(t, to, keep)
	for i := range rooms {
		room := fmt.Sprint("room-", i)
		last := original.Open(room, nil)
		if got := copied.Open(room, nil); got != last {
			t.Errorf("the newest id of %s is %d, want %d", room, got, last)
		}
		for after := last - 60; after <= last; after++ {
			same(t, fmt.Sprint("since ", after), original, copied, func(j *Journal) any {
				page, err := j.Read(room, history.Range{After: after, Limit: 7})
				return []any{messagesOf(page.Messages), page.More, gapsOf(page.Gaps), err}
			})
			same(t, fmt.Sprint("before ", after), original, copied, func(j *Journal) any {
				page, err := j.Read(room, history.Range{Before: after, Limit: 7, Newest: true})
				return []any{messagesOf(page.Messages), page.More, err}
			})
		}
		for _, words := range []string{"quoted", "uss", "words a1", "e2"} {
			same(t, "search "+words, original, copied, func(j *Journal) any {
				found, more, err := j.Search(room, history.NewQuery(words), last+1, 10)
				return []any{messagesOf(found), more, err}
			})
		}
		for k := range keys {
			same(t, fmt.Sprint("key ", k), original, copied, func(j *Journal) any {
				m, r := try(j, room, fmt.Sprint("schlüssel ", k), "again")
				return []any{m.ID, r.Repeated, r.Err}
			})
		}
	}
}

// same compares the answers of two journals.
func same(t *testing.T, what string, original, copied *Journal, ask func(*Journal) any) {
	t.Helper()
	if want, got := fmt.Sprint(ask(original)), fmt.Sprint(ask(copied)); got != want {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func messagesOf(list []*wire.Message) (all []string) {
	for _, m := range list {
		all = append(all, string(m.AppendJSON(nil)))
	}
	return all
}

func gapsOf(list []*wire.Gap) (all []wire.Gap) {
	for _, g := range list {
		all = append(all, *g)
	}
	return all
}

// TestExportParts exports one room, and the messages since a seq. Imported after the first part, they
// make the same history.
func TestExportParts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	j := start(t, from, retain(1000))
	for i := range 2500 {
		say(t, j, fmt.Sprint("room-", i%2), "text")
		if i == 1200 {
			importAll(t, to, recordsOf(t, from, ExportOptions{}), false) // the server uses the folder
		}
	}
	j.Close(context.Background())
	newest := recordsOf(t, to, ExportOptions{})
	since := newest[len(newest)-1].Seq
	part := recordsOf(t, from, ExportOptions{Since: since})
	if part[0].Seq <= since {
		t.Fatalf("the first record since %d is %+v", since, part[0])
	}
	i := importAll(t, to, part, false)
	if i.Added != 2500-1201 || i.Skipped != 0 {
		t.Errorf("%d were added, %d skipped", i.Added, i.Skipped)
	}
	verifyAll(t, to)
	room := recordsOf(t, to, ExportOptions{Room: "room-1", Since: since})
	for _, r := range room[:len(room)-2] {
		if r.Room != "room-1" || r.Seq <= since || r.Type != history.RecordMessage {
			t.Errorf("the export of a room has %+v", r)
		}
	}
	if n := len(room); n != 2+1300/2 && n != 2+1298/2 {
		t.Errorf("the export of a room has %d records", n)
	}
	if err := Export(context.Background(), to, ExportOptions{Room: "nowhere"}, nil); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Error(err)
	}
}

// TestExportOfOpenHistory exports while messages are stored. The export holds no transaction while a
// record is used: the log can be copied then. A history that is made of it continues above the ids
// of the messages that it lacks, and reports them as missing.
func TestExportOfOpenHistory(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	j := start(t, from, retain(1000))
	for range 10 {
		say(t, j, "lobby", "before")
	}
	var records []*history.Record
	if err := Export(context.Background(), from, ExportOptions{}, func(r *history.Record) error {
		say(t, j, "lobby", "during")
		db, err := sql.Open(driver, dsn(filepath.Join(from, fileName), "rw", "busy_timeout(5000)"))
		if err != nil {
			return err
		}
		defer db.Close()
		conn, err := db.Conn(context.Background())
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, all, err := walCheckpoint(conn, "TRUNCATE"); err != nil || !all {
			t.Errorf("the log can't be copied: %v", err)
		}
		records = append(records, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	last := say(t, j, "lobby", "after").ID
	importAll(t, to, records, false)
	copied := start(t, to, retain(1000))
	if got := texts(t, copied, "lobby"); len(got) != 10 {
		t.Errorf("the import has %q", got)
	}
	if m := say(t, copied, "lobby", "new"); m.ID <= last {
		t.Errorf("a new message has id %d, the original was at %d", m.ID, last)
	}
	if !hasGap(t, copied, "lobby", last) {
		t.Errorf("a client that has seen id %d gets no gap", last)
	}
}

// TestImportConflicts imports records that contradict the history. The records before them stay.
func TestImportConflicts(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	j := start(t, from, retain(1000))
	for range 5 {
		try(j, "lobby", fmt.Sprint("key ", len(texts(t, j, "lobby"))), "text")
	}
	j.Close(context.Background())
	for name, change := range map[string]func(r *history.Record){
		"text": func(r *history.Record) { r.Text = "other" },
		"key":  func(r *history.Record) { r.Key = "other" },
		"at":   func(r *history.Record) { r.At = r.At.Add(1e6) },
		"type": func(r *history.Record) { r.Type = history.RecordAction },
		"old":  func(r *history.Record) { r.ID -= 100 },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			records := recordsOf(t, from, ExportOptions{})
			wrong := *records[2]
			change(&wrong)
			i, err := OpenImport(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records[:4] {
				if err := i.Add(r); err != nil {
					t.Fatal(err)
				}
			}
			if err := i.Add(&wrong); err == nil {
				t.Error("the record is imported")
			}
			if err := i.Close(); err != nil || i.Added != 4 || i.Ended() {
				t.Errorf("%v, %d were added, at its end: %v", err, i.Added, i.Ended())
			}
			importAll(t, dir, records, false)
			if again := recordsOf(t, dir, ExportOptions{}); !reflect.DeepEqual(again, records) {
				t.Errorf("the history is\n%s", lines(again))
			}
		})
	}
}

// TestImportInUse imports into a folder that a Journal uses.
func TestImportInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir, retain(10))
	if _, err := OpenImport(dir); err == nil || !strings.Contains(err.Error(), "in use by another partyline") {
		t.Error(err)
	}
	if _, _, err := Vacuum(context.Background(), dir, retain(10)); err == nil || !strings.Contains(err.Error(), "in use by another partyline") {
		t.Error(err)
	}
}
