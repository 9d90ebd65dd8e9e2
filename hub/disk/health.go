package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// logEvery bounds how often the log is told of one kind of trouble.
	logEvery = time.Minute
	// tryEvery bounds how often it is tried meanwhile.
	tryEvery = 250 * time.Millisecond
)

// health is what the writer knows of the disk.
type health struct {
	err      error // why nothing can be stored; nil where it can
	since    time.Time
	tried    time.Time
	affected int                  // messages since the trouble began
	told     map[string]time.Time // when the log was told of a trouble, by its hint
}

// mayTry reports whether a batch may wait for a try of a disk in trouble. With Live none
// may: that takes as long as the disk likes.
func (w *writer) mayTry() bool {
	return w.j.options.OnError == Refuse && time.Since(w.health.tried) >= tryEvery
}

func (w *writer) isIll(err error) {
	h := &w.health
	now := time.Now()
	if h.err == nil {
		h.since, h.affected = now, 0
	}
	h.err, h.tried = err, now
	hint := hint(err)
	if now.Sub(h.told[hint]) < logEvery {
		return
	}
	if h.told == nil {
		h.told = make(map[string]time.Time)
	}
	h.told[hint] = now
	w.j.log.Error("history can't be written", "file", w.j.path, "err", err, "messages", w.j.options.OnError,
		"since", h.since.Format(time.RFC3339), "affected", h.affected, "hint", hint)
}

func (w *writer) isWell() {
	h := &w.health
	if h.err == nil {
		return
	}
	w.j.log.Info("history is written again", "file", w.j.path,
		"after", time.Since(h.since).Round(time.Millisecond), "affected", h.affected)
	*h = health{told: h.told}
}

func hint(err error) string {
	var gone *goneError
	switch {
	case errors.As(err, &gone):
		return gone.hint
	case code(err) == sqlite3.SQLITE_FULL:
		return "make place on the disk; it goes on by itself"
	case code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB:
		return "the file is damaged: end the server, put a copy in its place"
	}
	return "look after the disk; it goes on by itself"
}

// look is called every tick.
func (w *writer) look() {
	if w.health.err != nil && time.Since(w.health.tried) >= tryEvery {
		w.probe()
	}
	if w.health.err == nil {
		w.age()
	}
}

// probe finds out whether the disk is well again, and mends what can be mended from here.
func (w *writer) probe() {
	switch code(w.health.err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		// It gives back what the log takes; and the log begins anew, which may lack what the
		// disk once failed to write and the system does not write again.
		w.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	err := w.files.present()
	var gone *goneError
	if w.restored != nil || errors.As(err, &gone) && gone.restorable {
		err = w.restore()
	}
	if err == nil {
		err = w.transaction(true, func() error {
			if err := w.saveRooms(); err != nil {
				return err
			}
			return w.exec(probed, time.Now().UnixMilli())
		})
	}
	if err != nil {
		w.isIll(err)
		return
	}
	w.j.mu.Lock()
	for _, r := range w.j.numbers {
		if r.unsaved {
			r.unsaved, r.written = false, true
		}
	}
	w.j.mu.Unlock()
	w.isWell()
}

// restore writes a file that was deleted anew, from what is open of it. Where it fails it is
// called again, and goes on from where it was.
func (w *writer) restore() error {
	path := w.j.path + ".restored"
	if w.restored == nil {
		os.Remove(path)
		if _, err := w.conn.ExecContext(context.Background(), `VACUUM INTO ?`, path); err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		w.restored = info // from here on nothing else has what was in the file
		if err := w.disconnect(); err != nil {
			w.j.log.Warn("closing the history that was deleted", "err", err)
		}
	}
	switch there, err := os.Stat(w.j.path); {
	case errors.Is(err, os.ErrNotExist) || err == nil && os.SameFile(there, w.files.db): // whose log was deleted
		if err := os.Rename(path, w.j.path); err != nil {
			return err
		}
	case err != nil:
		return err
	case !os.SameFile(there, w.restored):
		return replaced(w.j.path)
	}
	if err := w.connect(); err != nil {
		return err
	}
	w.restored = nil
	w.j.log.Warn("the history's file was deleted: it is written anew, and nothing is lost", "file", w.j.path)
	return nil
}

// A goneError says that the file is not where it was opened.
type goneError struct {
	wrong, hint string
	restorable  bool
}

func (e *goneError) Error() string { return e.wrong }

// files are those that are open, so that it is noticed when they are deleted or replaced:
// what is written to them then would be lost.
type files struct {
	dir, path string
	db, log   os.FileInfo
	logSize   int64 // of the log when it was looked at last, in bytes
}

func watch(dir, path string) (f files, err error) {
	f = files{dir: dir, path: path}
	if f.db, err = os.Stat(path); err == nil {
		f.log, err = os.Stat(path + "-wal")
	}
	return f, err
}

// present returns an error where one of the files is not in its place.
func (f *files) present() error {
	for _, was := range [...]struct {
		path string
		info os.FileInfo
	}{{f.path, f.db}, {f.path + "-wal", f.log}} {
		path := was.path
		is, err := os.Stat(path)
		switch {
		case err == nil && os.SameFile(is, was.info):
			f.logSize = is.Size() // the log comes last
		case err == nil:
			return replaced(path)
		case errors.Is(err, os.ErrNotExist):
			return f.gone(path)
		default:
			return err
		}
	}
	return nil
}

func replaced(path string) error {
	return &goneError{
		wrong: path + " is another file now",
		hint:  "put the old one back, or restart the server to go on with this one",
	}
}

// gone tells of a file that is missing. Where its folder is there, on the same disk, it
// was deleted; else a disk is missing.
func (f *files) gone(path string) error {
	dir, err := os.Stat(f.dir)
	if err != nil || !sameDisk(dir, f.db) {
		return &goneError{
			wrong: fmt.Sprintf("%s is gone, and its folder with it", path),
			hint:  "mount the disk, or put the folder back; it goes on by itself",
		}
	}
	return &goneError{wrong: path + " is gone", hint: "it is written anew by itself", restorable: true}
}
