package sqlite

import (
	"errors"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"partyline/hub/history"
)

const (
	// logEvery is the least time between two log messages about the same kind of failure.
	logEvery = time.Minute
	// probeEvery is the least time between two probes of a failing disk.
	probeEvery = 250 * time.Millisecond
)

// health says whether messages can be stored.
type health struct {
	err      error // why messages can't be stored; nil if they can
	since    time.Time
	tried    time.Time
	affected int // the number of messages that were refused or not stored since then
	failures logLimiter
}

// Failure returns why messages can't be stored now, or nil if they can. Any goroutine may call it.
func (j *Journal) Failure() *history.Failure { return j.failure.Load() }

// A logLimiter limits how often each kind of failure is logged. It has the times at which the
// kinds were logged last, by their hints.
type logLimiter map[string]time.Time

// allow reports whether a kind of failure may be logged now. If so, it counts as logged.
func (l *logLimiter) allow(hint string) bool {
	now := time.Now()
	if now.Sub((*l)[hint]) < logEvery {
		return false
	}
	if *l == nil {
		*l = make(logLimiter)
	}
	(*l)[hint] = now
	return true
}

// mayProbe reports whether a batch may wait for a probe of a failing disk. With Live it does not
// wait, since that may take long.
func (w *writer) mayProbe() bool {
	return w.j.options.OnError == Refuse && time.Since(w.health.tried) >= probeEvery
}

// setFailed notes that messages can't be stored.
func (w *writer) setFailed(err error) {
	h := &w.health
	now := time.Now()
	if h.err == nil {
		h.since, h.affected = now, 0
	}
	h.err, h.tried = err, now
	hint := hint(err)
	w.j.failure.Store(&history.Failure{Err: err, Since: h.since, Hint: hint})
	if h.failures.allow(hint) {
		w.j.log.Error("history can't be written", "file", w.j.path, "err", err, "messages", w.j.options.OnError,
			"since", h.since.Format(time.RFC3339), "affected", h.affected, "hint", hint)
	}
}

// setRecovered notes that messages can be stored.
func (w *writer) setRecovered() {
	h := &w.health
	if h.err == nil {
		return
	}
	w.j.log.Info("history is written again", "file", w.j.path,
		"after", time.Since(h.since).Round(time.Millisecond), "affected", h.affected)
	*h = health{failures: h.failures}
	w.j.failure.Store(nil)
}

// hint returns what the operator can do about an error.
func hint(err error) string {
	var gone *missingError
	switch {
	case errors.As(err, &gone):
		return gone.hint
	case code(err) == sqlite3.SQLITE_FULL:
		return "free space on the disk; no restart is needed"
	case code(err) == sqlite3.SQLITE_BUSY:
		return "another program writes to the file: end it; no restart is needed"
	case code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB:
		return "the file is damaged: stop the server and restore a copy"
	}
	return "check the disk; no restart is needed"
}

// checkDisk checks the files, and probes the disk if it is failing. The writer calls it every tick.
func (w *writer) checkDisk() {
	if w.health.err == nil {
		if err := w.files.check(); err != nil {
			w.setFailed(err)
			w.health.tried = time.Time{}
		}
	}
	if w.health.err != nil && time.Since(w.health.tried) >= probeEvery {
		w.probe()
	}
}

// probe checks whether messages can be stored again. It restores deleted files.
func (w *writer) probe() {
	if w.copying.Load() {
		return // wait for a checkpoint that started before the failure
	}
	switch code(w.health.err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		// This frees the space of the log. And the log starts again: pages of it that the disk
		// failed to write may be missing, and the system does not write them again.
		w.truncateLog()
	}
	err := w.files.check()
	var gone *missingError
	if w.restored != nil || errors.As(err, &gone) && gone.restorable {
		err = w.restore()
	}
	var note func()
	if err == nil {
		err = w.transaction(true, func() (err error) {
			if note, err = w.saveAll(); err != nil {
				return err
			}
			return w.exec(probeStatement, time.Now().UnixMilli())
		})
	}
	if err != nil {
		w.setFailed(err)
		return
	}
	note()
	w.setRecovered()
}
