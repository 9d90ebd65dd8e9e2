package sqlite

import (
	"context"
	"errors"
	"os"
)

// restore writes a file that was deleted again, from what is open of it. If it fails it is
// called again, and goes on from there.
func (w *writer) restore() error {
	path := w.j.path + ".restored"
	if w.restored == nil {
		os.Remove(path)
		if err := create(path); err != nil {
			return err
		}
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
