package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// A stuckReader is another program with an open read transaction.
type stuckReader struct {
	db   *sql.DB
	rows *sql.Rows
}

func startReader(t *testing.T, dir string) *stuckReader {
	t.Helper()
	db, err := sql.Open(driver, dsn(filepath.Join(dir, fileName), "rw"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(`SELECT name FROM meta`)
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	r := &stuckReader{db, rows}
	t.Cleanup(r.end)
	return r
}

func (r *stuckReader) end() {
	r.rows.Close()
	r.db.Close()
}

// sayMuch stores messages until the log is longer than size.
func sayMuch(t *testing.T, j *Journal, size int64) {
	t.Helper()
	for logSize(t, j) <= size {
		done := make(chan history.Result)
		j.Append(&wire.Message{Room: "r", Via: strings.Repeat("x", 1<<20)}, "", func(result history.Result) { done <- result })
		if result := <-done; result.Err != nil {
			t.Fatal(result.Err)
		}
	}
}

// sayQuickly fails if messages wait for a lock of SQLite, which waits in real time even in a
// synctest bubble.
func sayQuickly(t *testing.T, j *Journal) {
	t.Helper()
	fastest := time.Hour
	for range 3 {
		t0 := realTime(t)
		say(t, j, "r", "x")
		fastest = min(fastest, realTime(t)-t0)
	}
	if fastest >= busyTime/2 {
		t.Fatalf("a message takes %v at least", fastest)
	}
}

// busyTime is how long the writer waits for a lock.
const busyTime = 2 * time.Second

// realTime returns the real time, even in a synctest bubble.
func realTime(t *testing.T) time.Duration {
	t.Helper()
	var now syscall.Timeval
	if err := syscall.Gettimeofday(&now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}

func logSize(t *testing.T, j *Journal) int64 {
	t.Helper()
	info, err := os.Stat(j.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// A program that does not end its read transaction delays no message. The log grows, which is logged
// rarely, and is truncated when the reader ends.
func TestStuckReader(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	synctest.Test(t, func(t *testing.T) {
		const warning, info = "level=WARN", "level=INFO"
		var out bytes.Buffer
		o := Options{Retention: history.Retention{Messages: 10}, Sync: SyncNormal, Log: slog.New(slog.NewTextHandler(&out, nil))}
		j := start(t, t.TempDir(), o)
		say(t, j, "r", "first")
		reader := startReader(t, j.dir)

		for _, step := range []struct {
			size     int64
			warnings int
		}{{warnAt, 1}, {warnAt + warnAt/2, 1}, {3 * warnAt, 2}} {
			sayMuch(t, j, step.size)
			for range 5 {
				time.Sleep(stuckTime / 4)
				sayQuickly(t, j)
			}
			synctest.Wait()
			if n := strings.Count(out.String(), warning); n != step.warnings {
				t.Errorf("%d warnings for a log of %d MiB, want %d:\n%s", n, step.size>>20, step.warnings, &out)
			}
		}
		if got := out.String(); !strings.Contains(got, "read transaction") || strings.Contains(got, info) {
			t.Errorf("logged:\n%s", got)
		}

		reader.end()
		time.Sleep(2 * tick)
		synctest.Wait()
		if size := logSize(t, j); size > checkpointAt {
			t.Errorf("the log has %d bytes after the reader has ended", size)
		}
		if n := strings.Count(out.String(), info); n != 1 {
			t.Errorf("%d lines say that the log is short again, want 1:\n%s", n, &out)
		}
	})
}

// Readers that end in time are not logged, even if there is always one.
func TestReaders(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		o := Options{Retention: history.Retention{Messages: 10}, Sync: SyncNormal, Log: slog.New(slog.NewTextHandler(&out, nil))}
		j := start(t, t.TempDir(), o)
		say(t, j, "r", "first")
		reader := startReader(t, j.dir)
		sayMuch(t, j, 2*warnAt)
		for range 4 * stuckTime / readTime {
			next := startReader(t, j.dir)
			reader.end()
			reader = next
			say(t, j, "r", "x")
			time.Sleep(readTime)
		}
		reader.end()
		synctest.Wait()
		if out.Len() > 0 {
			t.Errorf("logged:\n%s", &out)
		}
	})
}

// The writer truncates the log only if it does not wait for a reader for that.
func TestTruncateLog(t *testing.T) {
	j := start(t, t.TempDir(), retain(10))
	say(t, j, "r", "first")
	reader := startReader(t, j.dir)
	truncate := func() (took time.Duration, size int64) {
		done := make(chan struct{})
		j.Append(&wire.Message{Room: "r", Text: "x"}, "", func(history.Result) { // by the writer
			defer close(done)
			t0 := time.Now()
			j.writer.truncateLog()
			took, size = time.Since(t0), logSize(t, j)
		})
		<-done
		return took, size
	}
	fastest := time.Hour
	for range 3 {
		took, size := truncate()
		if fastest = min(fastest, took); size == 0 {
			t.Error("the log is empty while a reader needs it")
		}
	}
	if fastest >= busyTime/2 {
		t.Errorf("it takes %v at least", fastest)
	}
	reader.end()
	if _, size := truncate(); size != 0 {
		t.Errorf("the log has %d bytes", size)
	}
}

// The log is truncated while messages are stored without a pause. How large it gets by then depends
// on the disk: a checkpoint copies it while the writer continues.
func TestBusyLog(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	j := start(t, t.TempDir(), retain(10))
	via := strings.Repeat("x", 64<<10) // not indexed
	const atOnce = 16
	slots := make(chan struct{}, atOnce)
	var longest int64
	const total = 16 * warnAt
	for range total / len(via) { // some messages are always pending
		slots <- struct{}{}
		j.Append(&wire.Message{Room: "r", Via: via}, "", func(history.Result) { <-slots })
		longest = max(longest, logSize(t, j))
	}
	if longest > total/2 {
		t.Errorf("the log had %d MiB", longest>>20)
	}
}

// Close does not wait long for a reader, and all messages are stored.
func TestCloseWithReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		o := retain(10)
		o.Log = slog.New(slog.NewTextHandler(&out, nil))
		dir := t.TempDir()
		j := start(t, dir, o)
		say(t, j, "r", "first")
		reader := startReader(t, dir)
		say(t, j, "r", "second")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := j.Close(ctx); err != nil {
			t.Error(err)
		}
		if !strings.Contains(out.String(), "read transaction") {
			t.Errorf("logged: %s", &out)
		}
		reader.end()
		j = start(t, dir, o)
		if got := texts(t, j, "r"); len(got) != 2 {
			t.Errorf("history has %q", got)
		}
	})
}
