package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

func TestRooms(t *testing.T) {
	t.Parallel()
	hubtest.TestRooms(t, 0, func(r history.Retention) history.Journal {
		return startSmall(t, t.TempDir(), Options{Retention: r, Sync: SyncNormal})
	})
}

// TestModel closes and crashes journals with few rooms in memory, and moves their folders away
// for a while.
func TestModel(t *testing.T) {
	for _, o := range []Options{{}, {Sync: SyncNormal}, {OnError: Live}} {
		t.Run(fmt.Sprint(o.OnError, " ", o.Sync), func(t *testing.T) {
			t.Parallel()
			testModel(t, o)
		})
	}
}

func testModel(t *testing.T, o Options) {
	open := func(t *testing.T, dir string, o Options) history.Journal {
		return &crashable{Journal: startSmall(t, dir, o)}
	}
	hubtest.ModelTest{
		Open: func(t *testing.T, r history.Retention) history.Journal {
			o.Retention = r
			return open(t, t.TempDir(), o)
		},
		Reopen: func(t *testing.T, j history.Journal, crash bool) history.Journal {
			c := j.(*crashable)
			dir := c.dir
			if crash {
				dir = c.crash(t)
			} else if err := c.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			return open(t, dir, c.options)
		},
		Unsure: o.OnError == Live || o.Sync == SyncNormal,
		Break: func(t *testing.T, j history.Journal) (repair func()) {
			dir, away := j.(*crashable).dir, filepath.Join(t.TempDir(), "away")
			if err := os.Rename(dir, away); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := os.Rename(away, dir); err != nil {
					t.Fatal(err)
				}
			}
		},
	}.Test(t)
}

// startSmall opens a journal that keeps few unused rooms in memory.
func startSmall(t *testing.T, dir string, o Options) *Journal {
	j := start(t, dir, o)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.maxUnused = 2
	return j
}

// A crashable is a Journal that commits nothing after a crash.
type crashable struct {
	*Journal

	mu      sync.Mutex
	crashed bool
}

func (c *crashable) Append(message *wire.Message, key string, commit func(history.Result)) {
	c.Journal.Append(message, key, func(result history.Result) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.crashed {
			commit(result)
		}
	})
}

// crash closes the journal, and returns a folder with the files as after a crash.
func (c *crashable) crash(t *testing.T) (dir string) {
	c.mu.Lock()
	c.crashed = true
	c.mu.Unlock()
	defer c.Close(context.Background())
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); {
		before := c.logHeader()
		dir := copyFiles(t, c.Journal.dir)
		// If the log started again during the copy, the files do not match.
		if after := c.logHeader(); before != nil && bytes.Equal(before, after) {
			return dir
		}
	}
	t.Fatal("the files can't be copied")
	return ""
}

// logHeader returns the header of SQLite's log, which changes when the log starts again, or nil if
// there is no log.
func (c *crashable) logHeader() []byte {
	const size = 32
	log, err := os.ReadFile(c.path + "-wal")
	if err != nil {
		return nil
	}
	return log[:min(size, len(log))]
}
