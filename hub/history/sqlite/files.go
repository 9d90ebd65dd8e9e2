package sqlite

import (
	"errors"
	"fmt"
	"os"
)

// A missingError says that an open file is missing or was replaced.
type missingError struct {
	problem, hint string
	restorable    bool // restore can write the file again
}

func (e *missingError) Error() string { return e.problem }

// files identifies the open files, to detect that they were deleted or replaced. What is written
// to them after that would be lost.
type files struct {
	dir, path string
	db, log   os.FileInfo
	logSize   int64 // the size of the log at the last check, in bytes
}

// statFiles returns the files of the database at path.
func statFiles(dir, path string) (f files, err error) {
	f = files{dir: dir, path: path}
	if f.db, err = os.Stat(path); err == nil {
		f.log, err = os.Stat(path + "-wal")
	}
	return f, err
}

// check returns an error if one of the files is missing or was replaced.
func (f *files) check() error {
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
			return f.missing(path)
		default:
			return err
		}
	}
	return nil
}

func replaced(path string) error {
	return &missingError{
		problem: path + " was replaced by another file",
		hint:    "put the old one back, or restart the server to use the new one",
	}
}

// missing returns the error for a missing file. If its folder exists on the same disk the file
// was deleted; otherwise a disk is missing.
func (f *files) missing(path string) error {
	dir, err := os.Stat(f.dir)
	if err != nil || !sameDisk(dir, f.db) {
		return &missingError{
			problem: fmt.Sprintf("%s and its folder are missing", path),
			hint:    "mount the disk, or put the folder back; no restart is needed",
		}
	}
	return &missingError{problem: path + " is missing", hint: "no action is needed, it is written again", restorable: true}
}

// createFile creates a file with mode 0600, unless it exists. SQLite gives the other files of a
// database the same mode.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// removeLogs removes what a database that is no longer at path has left. SQLite would take it for a
// part of the next database there.
func removeLogs(path string) error {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// protect removes the permissions of group and others from the files of a database. Older
// versions created files that others could read.
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
