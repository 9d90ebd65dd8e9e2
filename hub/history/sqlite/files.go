package sqlite

import (
	"errors"
	"fmt"
	"os"
)

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

// present returns an error if one of the files is not in its place.
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

// gone describes a file that is missing. If its folder exists, on the same disk, it was
// deleted; otherwise a disk is missing.
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

// create creates a file for its owner alone, unless it exists. SQLite gives the files beside
// a database the mode of that.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// protect makes the files of a history, which an older version may have created for others
// to read, readable for their owner alone.
func protect(path string) error {
	for _, path := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return err
		case info.Mode().Perm()&0o077 == 0:
			continue
		}
		if err := os.Chmod(path, info.Mode().Perm()&^0o077); err != nil {
			return err
		}
	}
	return nil
}
