package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"
)

// Vacuum deletes the messages in a folder that o.Retention does not retain, completes the search
// index, and writes the file again without free space. It returns the sizes of the history before
// and after, in bytes. A server can't use the folder in the meantime.
//
// The new file is written next to the old one, which it then replaces. So the disk needs free space
// for it, and an error, the end of ctx or a crash leaves a complete history.
func Vacuum(ctx context.Context, dir string, o Options) (before, after int64, err error) {
	path := filepath.Join(dir, fileName)
	db, _, err := openExisting(driver, path)
	if err != nil {
		return 0, 0, err
	} else if db == nil {
		return 0, 0, noHistory(path)
	}
	db.Close()
	j := newJournal(dir, o, driver)
	if j.lock, err = lockDir(dir); err != nil {
		return 0, 0, err
	}
	defer j.lock.Unlock()
	if err := checkFile(driver, path); err != nil {
		return 0, 0, err
	}
	before = sizeOf(path)
	if err := errors.Join(os.RemoveAll(path+vacuumed), j.writer.open()); err != nil {
		return before, 0, explainSpace(path, err)
	}
	err = errors.Join(j.writer.maintainAll(ctx), j.writer.transaction(true, j.writer.endUse))
	if err == nil {
		err = j.writer.vacuumInto(ctx, path+vacuumed)
	}
	j.writer.copyWholeLog()
	err = errors.Join(err, j.writer.disconnect())
	if err == nil {
		err = replaceFile(path+vacuumed, path)
	}
	if err != nil {
		os.Remove(path + vacuumed)
		if ctx.Err() != nil {
			return before, 0, ctx.Err()
		}
		return before, 0, explainSpace(path, err)
	}
	return before, sizeOf(path), nil
}

// vacuumed ends the name of the new file until it is complete.
const vacuumed = ".vacuumed"

// maintainAll does all maintenance.
func (w *writer) maintainAll(ctx context.Context) error {
	for _, task := range tasks {
		for {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			did, err := task(w)
			if err != nil {
				return err
			}
			if !did {
				break
			}
			if w.files.logSize > checkpointAt {
				w.truncateLog()
			}
		}
	}
	return nil
}

// vacuumInto writes the file to path and syncs it.
func (w *writer) vacuumInto(ctx context.Context, path string) error {
	if err := createFile(path); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return err
	}
	return syncFile(path)
}

// replaceFile gives a database the name of another one that is closed.
func replaceFile(from, to string) error {
	if err := removeLogs(to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFile(filepath.Dir(to))
}

// syncFile waits until the disk has a file, or the names in a folder.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// sizeOf returns the size of a database and its log in bytes.
func sizeOf(path string) (size int64) {
	for _, path := range []string{path, path + "-wal"} {
		if info, err := os.Stat(path); err == nil {
			size += info.Size()
		}
	}
	return size
}

// explainSpace is explain for an error of Vacuum.
func explainSpace(path string, err error) error {
	if code(err) == sqlite3.SQLITE_FULL {
		return fmt.Errorf("%s: %w: the disk needs free space for a second file of this size; the history is unchanged or trimmed, and complete", path, err)
	}
	return explain(path, err)
}
