package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// A message is deleted only for its own age, even if newer messages have an older time because the
// clock was set back.
func TestAgeOfEachMessage(t *testing.T) {
	dir := t.TempDir()
	j := start(t, dir, retain(100))
	rooms := []string{"a", "b"}
	for i := range 10 {
		sayAll(t, j, rooms, fmt.Sprint(i))
	}
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(driver, dsn(filepath.Join(dir, fileName), "rwc"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE messages SET at = 0 WHERE text IN ('0', '1', '4', '6', '7') OR room = 2 AND text = '9'`); err != nil {
		t.Fatal(err)
	}
	o := retain(100)
	o.Retention.Age = time.Hour
	j = start(t, dir, o)
	want := map[string]string{"a": "[2 3 5 8 9]", "b": "[2 3 5 8]"}
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got := make(map[string]string)
		for _, room := range rooms {
			got[room] = fmt.Sprint(texts(t, j, room))
		}
		if fmt.Sprint(got) == fmt.Sprint(want) {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	var old int
	if err := j.readers.QueryRow(`SELECT count(*) FROM messages WHERE at = 0`).Scan(&old); err != nil || old > 0 {
		t.Errorf("%d old messages are left: %v", old, err)
	}
}

// A message that is too old is missing.
func TestAge(t *testing.T) {
	o := retain(100)
	o.Retention.Age = time.Second
	j := start(t, t.TempDir(), o)
	say(t, j, "r", "old")
	for late := time.Now().Add(10 * time.Second); len(texts(t, j, "r")) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("it is kept")
		}
	}
	if m := say(t, j, "r", "new"); !hasGap(t, j, "r", m.ID-2) || hasGap(t, j, "r", m.ID-1) {
		t.Error("the wrong messages are missing")
	}
}

// A room whose messages are all too old is removed from the file, and its next id is greater than
// all ids that it gave.
func TestEmptyRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := start(t, t.TempDir(), Options{Retention: history.Retention{Messages: 10, Age: time.Hour}})
		j.mu.Lock()
		j.maxUnused = 0 // no unused room stays in memory
		j.mu.Unlock()
		var last *wire.Message
		for range 3 {
			last = say(t, j, "old", "x")
		}
		time.Sleep(2 * time.Hour)
		say(t, j, "new", "x") // the writer runs, and deletes what is too old
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		var rooms int
		if err := j.readers.QueryRow(`SELECT count(*) FROM rooms WHERE name = 'old'`).Scan(&rooms); err != nil || rooms != 0 {
			t.Errorf("the room is %d times in the file, %v", rooms, err)
		}
		if id := j.Open("old", nil); id < last.ID {
			t.Errorf("opened at %d, it gave %d", id, last.ID)
		}
		if m := say(t, j, "old", "y"); m.ID <= last.ID {
			t.Errorf("the next id is %d, it gave %d", m.ID, last.ID)
		}
	})
}

// The key of a message that is no longer in history can be used again after KeyLife, and not
// earlier.
func TestOldKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, t.TempDir(), retain(1))
		first, _ := try(j, "r", "k", "one")
		said := time.Now()
		say(t, j, "r", "two")
		time.Sleep(history.KeyLife - time.Since(said) - time.Millisecond)
		if m, result := try(j, "r", "k", "again"); !result.Repeated || m.ID != first.ID {
			t.Errorf("a younger key: id %d, %+v, want the id %d", m.ID, result, first.ID)
		}
		time.Sleep(time.Millisecond)
		if m, result := try(j, "r", "k", "again"); result.Repeated || result.Err != nil || m.ID <= first.ID {
			t.Errorf("an old key: id %d, %+v", m.ID, result)
		}
	})
}
