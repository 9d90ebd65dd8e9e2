package app

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// moody is a log that takes nothing for a while.
type moody struct {
	mu      sync.Mutex
	taken   bytes.Buffer
	broken  bool
	blocked chan struct{} // nil where it is not
}

func (m *moody) Write(b []byte) (int, error) {
	m.mu.Lock()
	blocked := m.blocked
	m.mu.Unlock()
	if blocked != nil {
		<-blocked
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return 0, errors.New("broken")
	}
	return m.taken.Write(b)
}

func (m *moody) set(change func(*moody)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *moody) count(part string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Count(m.taken.String(), part)
}

// TestLogBlocked checks that a log that blocks does not block the program, and that it reports the lost
// lines afterwards.
func TestLogBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &moody{blocked: make(chan struct{})}
		log, end, err := newLogger(w, "info", "text")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 * logLines {
			log.Info("hello")
		}
		synctest.Wait()
		began := time.Now()
		end()
		if d := time.Since(began); d != logFlushTimeout {
			t.Errorf("the end waited %v", d)
		}
		w.set(func(w *moody) { close(w.blocked); w.blocked = nil })
		synctest.Wait()
		if n := w.count("hello"); n < logLines || n > logLines+1 {
			t.Errorf("%d lines are written", n)
		}
		log.Info("more")
		end()
		if n := w.count("msg=\"log lines lost\" lines="); n != 1 {
			t.Errorf("it is told %d times that lines are missing:\n%s", n, w.taken.String()[w.taken.Len()-200:])
		}
	})
}

// TestLogBroken checks that a log that fails is tried again with each line.
func TestLogBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &moody{broken: true}
		log, end, err := newLogger(w, "info", "json")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			log.Info("lost")
		}
		synctest.Wait()
		w.set(func(w *moody) { w.broken = false })
		log.Info("written")
		end()
		if w.count("written") == 0 || w.count(`"lines":3`) != 1 || w.count(`"lost"`) != 0 {
			t.Errorf("the log is\n%s", w.taken.String())
		}
	})
}
