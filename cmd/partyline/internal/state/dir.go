package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Names of the files in a Dir.
const (
	stateFile = "state.json"
	inputFile = "history"
	lockFile  = "lock"
)

// A Dir is the directory with the files. Its methods may be called from any goroutine.
type Dir struct{ path string }

// UserDir returns the directory of the user: partyline in $XDG_STATE_HOME, or in ~/.local/state. It need not
// exist.
func UserDir() (*Dir, error) {
	if base := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return At(filepath.Join(base, "partyline")), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, fmt.Errorf("no place for the state: %w", err)
	}
	return At(filepath.Join(home, ".local", "state", "partyline")), nil
}

// At returns the directory at a path. It need not exist.
func At(path string) *Dir { return &Dir{path} }

// Load returns what is remembered. A damaged file counts as an empty one.
func (d *Dir) Load() (*State, error) {
	data, err := os.ReadFile(filepath.Join(d.path, stateFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := new(State)
	if json.Unmarshal(data, s) != nil {
		s = new(State)
	}
	for address, server := range s.Servers {
		if server == nil {
			delete(s.Servers, address)
		}
	}
	return s, nil
}

// Update loads what is remembered, calls change, and stores the result. No other process changes it in between.
func (d *Dir) Update(change func(*State)) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	s, err := d.Load()
	if err != nil {
		return err
	}
	change(s)
	data, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	return d.replace(stateFile, append(data, '\n'))
}

// lock waits for the other processes that use the directory, and keeps them from changing it until unlock. It
// creates the directory.
func (d *Dir) lock() (unlock func(), err error) {
	const patience, interval = 2 * time.Second, 5 * time.Millisecond
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	lock := flock.New(filepath.Join(d.path, lockFile), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, interval); err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	return func() { lock.Close() }, nil
}

// replace writes a file, so that a reader finds either the old or the new content. The caller has the lock.
func (d *Dir) replace(name string, data []byte) error {
	path := filepath.Join(d.path, name)
	f, err := os.CreateTemp(d.path, name+".*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
