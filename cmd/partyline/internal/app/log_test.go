package app

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A flakyWriter can block and fail.
type flakyWriter struct {
	mu      sync.Mutex
	written bytes.Buffer
	broken  bool
	blocked chan struct{} // Write waits until it is closed; nil if Write does not block
}

func (w *flakyWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	blocked := w.blocked
	w.mu.Unlock()
	if blocked != nil {
		<-blocked
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken {
		return 0, errors.New("broken")
	}
	return w.written.Write(b)
}

func (w *flakyWriter) set(change func(*flakyWriter)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

func (w *flakyWriter) count(part string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.written.String(), part)
}

// TestLogBlocked checks that a writer that blocks does not block the program, and that the log
// reports the lost lines afterwards.
func TestLogBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &flakyWriter{blocked: make(chan struct{})}
		log, err := newLog(w, slog.LevelInfo, "text")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 * logLines {
			log.Info("hello")
		}
		synctest.Wait()
		start := time.Now()
		log.close()
		if d := time.Since(start); d != logFlushTimeout {
			t.Errorf("closing the log took %v", d)
		}
		w.set(func(w *flakyWriter) { close(w.blocked); w.blocked = nil })
		synctest.Wait()
		if n := w.count("hello"); n < logLines || n > logLines+1 {
			t.Errorf("%d lines are written", n)
		}
		log.Info("more")
		log.close()
		if n := w.count("msg=\"log lines lost\" lines="); n != 1 {
			t.Errorf("lost lines are reported %d times:\n%s", n, w.written.String()[w.written.Len()-200:])
		}
	})
}

// TestLogBroken checks that each line is written although the writer failed before.
func TestLogBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &flakyWriter{broken: true}
		log, err := newLog(w, slog.LevelInfo, "json")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			log.Info("lost")
		}
		synctest.Wait()
		w.set(func(w *flakyWriter) { w.broken = false })
		log.Info("written")
		log.close()
		if w.count("written") == 0 || w.count(`"lines":3`) != 1 || w.count(`"lost"`) != 0 {
			t.Errorf("the log is\n%s", w.written.String())
		}
	})
}
