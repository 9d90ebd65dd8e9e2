package sqlite

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// TestSync asks, when messages are committed, whether SQLite has waited for the disk.
func TestSync(t *testing.T) {
	for sync, want := range map[Sync]int{SyncFull: 2, SyncNormal: 1} { // FULL and NORMAL
		j := start(t, t.TempDir(), Options{Keep: history.Retention{Messages: 10}, Sync: sync})
		for range 3 {
			var level int
			err := make(chan error)
			j.Append(&wire.Message{Room: "r", From: "alice", Text: "x"}, "", func(f history.Result) { // by the writer
				row := j.writer.conn.QueryRowContext(context.Background(), "PRAGMA synchronous")
				err <- errors.Join(f.Err, row.Scan(&level))
			})
			if err := <-err; err != nil || level != want {
				t.Errorf("%s: synchronous is %d, want %d; %v", sync, level, want, err)
			}
			awaitIndex(t, j, "r", time.Minute) // which does not wait for the disk
		}
	}
}

// TestOldKey: the key of a message that is no longer in history can be used again when it is
// old enough, and not before.
func TestOldKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, t.TempDir(), keep(1))
		first, _ := try(j, "r", "k", "one")
		said := time.Now()
		say(t, j, "r", "two")
		time.Sleep(history.KeyLife - time.Since(said) - time.Millisecond)
		if m, f := try(j, "r", "k", "again"); !f.Repeated || m.ID != first.ID {
			t.Errorf("a younger key: id %d, %+v, want the id %d", m.ID, f, first.ID)
		}
		time.Sleep(time.Millisecond)
		if m, f := try(j, "r", "k", "again"); f.Repeated || f.Err != nil || m.ID <= first.ID {
			t.Errorf("an old key: id %d, %+v", m.ID, f)
		}
	})
}
