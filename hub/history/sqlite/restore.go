package sqlite

import (
	"context"
	"errors"
	"os"
)

// restore writes a deleted database again from the open file. If it fails, the next call continues
// with the step that failed.
func (w *writer) restore() error {
	path := w.j.path + ".restored"
	if w.restored == nil {
		os.Remove(path)
		if err := createFile(path); err != nil {
			return err
		}
		if _, err := w.conn.ExecContext(context.Background(), `VACUUM INTO ?`, path); err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		w.restored = info // it is the only copy from here on
		if err := w.disconnect(); err != nil {
			w.j.log.Warn("close of the deleted history failed", "err", err)
		}
	}
	switch there, err := os.Stat(w.j.path); {
	case errors.Is(err, os.ErrNotExist) || err == nil && os.SameFile(there, w.files.db): // only the log was deleted
		if err := removeLogs(w.j.path); err != nil {
			return err
		}
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
	w.j.log.Warn("deleted history restored", "file", w.j.path)
	return nil
}
