package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"
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
