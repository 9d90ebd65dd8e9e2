package sqlite

import (
	"errors"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// reportEvery bounds how often one kind of trouble is logged.
	reportEvery = time.Minute
	// tryEvery bounds how often a disk in trouble is tried.
	tryEvery = 250 * time.Millisecond
)

// health is what the writer knows of the disk.
type health struct {
	err      error // why nothing can be stored; nil if it can
	since    time.Time
	tried    time.Time
	affected int // messages since the trouble began
	report   report
}

// A report knows when each kind of trouble was logged, by its hint.
type report map[string]time.Time

// isDue reports whether a kind of trouble is to be logged now.
func (r *report) isDue(hint string) bool {
	now := time.Now()
	if now.Sub((*r)[hint]) < reportEvery {
		return false
	}
	if *r == nil {
		*r = make(report)
	}
	(*r)[hint] = now
	return true
}

// mayTry reports whether a batch may wait for a try of a disk in trouble. With Live none
// may: that takes as long as the disk likes.
func (w *writer) mayTry() bool {
	return w.j.options.OnError == Refuse && time.Since(w.health.tried) >= tryEvery
}

// fail notes that messages can't be stored.
func (w *writer) fail(err error) {
	h := &w.health
	now := time.Now()
	if h.err == nil {
		h.since, h.affected = now, 0
	}
	h.err, h.tried = err, now
	if hint := hint(err); h.report.isDue(hint) {
		w.j.log.Error("history can't be written", "file", w.j.path, "err", err, "messages", w.j.options.OnError,
			"since", h.since.Format(time.RFC3339), "affected", h.affected, "hint", hint)
	}
}

// recover notes that messages can be stored.
func (w *writer) recover() {
	h := &w.health
	if h.err == nil {
		return
	}
	w.j.log.Info("history is written again", "file", w.j.path,
		"after", time.Since(h.since).Round(time.Millisecond), "affected", h.affected)
	*h = health{report: h.report}
}

func hint(err error) string {
	var gone *goneError
	switch {
	case errors.As(err, &gone):
		return gone.hint
	case code(err) == sqlite3.SQLITE_FULL:
		return "make place on the disk; it goes on by itself"
	case code(err) == sqlite3.SQLITE_BUSY:
		return "another program writes to the file: end it; it goes on by itself"
	case code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB:
		return "the file is damaged: end the server, put a copy in its place"
	}
	return "look after the disk; it goes on by itself"
}

// checkDisk is called every tick.
func (w *writer) checkDisk() {
	if w.health.err == nil {
		if err := w.files.present(); err != nil {
			w.fail(err)
			w.health.tried = time.Time{}
		}
	}
	if w.health.err != nil && time.Since(w.health.tried) >= tryEvery {
		w.probe()
	}
}

// probe finds out whether the disk is well again, and mends what can be mended from here.
func (w *writer) probe() {
	if w.copying.Load() {
		return // a checkpoint that began before the trouble ends first
	}
	switch code(w.health.err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		// It gives back what the log takes; and the log begins anew, which may lack what the
		// disk once failed to write and the system does not write again.
		w.cutLog()
	}
	err := w.files.present()
	var gone *goneError
	if w.restored != nil || errors.As(err, &gone) && gone.restorable {
		err = w.restore()
	}
	var note func()
	if err == nil {
		err = w.transaction(true, func() (err error) {
			if note, err = w.saveAll(); err != nil {
				return err
			}
			return w.exec(probed, time.Now().UnixMilli())
		})
	}
	if err != nil {
		w.fail(err)
		return
	}
	note()
	w.recover()
}
