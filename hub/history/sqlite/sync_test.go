package sqlite

import (
	"context"
	"errors"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// When commit is called, SQLite has waited for the disk as Options.Sync says.
func TestSync(t *testing.T) {
	for sync, want := range map[Sync]int{SyncFull: 2, SyncNormal: 1} { // FULL and NORMAL
		j := start(t, t.TempDir(), Options{Retention: history.Retention{Messages: 10}, Sync: sync})
		for range 3 {
			var level int
			err := make(chan error)
			j.Append(&wire.Message{Room: "r", From: "alice", Text: "x"}, "", func(result history.Result) { // by the writer
				row := j.writer.conn.QueryRowContext(context.Background(), "PRAGMA synchronous")
				err <- errors.Join(result.Err, row.Scan(&level))
			})
			if err := <-err; err != nil || level != want {
				t.Errorf("%s: synchronous is %d, want %d; %v", sync, level, want, err)
			}
			awaitIndex(t, j, "r", time.Minute) // commits of the index do not wait for the disk
		}
	}
}
