package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

const (
	// maxPath is the longest path of a unix socket, in bytes. BSD and macOS have 4 bytes less
	// than Linux.
	maxPath = 103
	// lockTimeout bounds the wait for another program that opens a socket in the same folder.
	lockTimeout = 2 * time.Second
	// dialTimeout bounds the check whether a program listens on an existing socket.
	dialTimeout = time.Second
)

// A unixListener is a listener that removes its socket.
type unixListener struct {
	*net.UnixListener
	path  string
	info  fs.FileInfo // identifies the socket
	close func() error
}

// listenUnix creates the socket at path and listens on it.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	switch {
	case path == "":
		return nil, errors.New("there is no path: write unix:/run/partyline/chat.sock")
	case strings.HasPrefix(path, "@"):
		return nil, errors.New("an abstract socket has no mode, so every user may connect: give a path")
	case len(path) > maxPath:
		return nil, fmt.Errorf("the path has %d bytes, but the path of a unix socket has at most %d", len(path), maxPath)
	}
	defer lockFolder(filepath.Dir(path))()
	ln, err := bindUnix(path, mode)
	if errors.Is(err, syscall.EADDRINUSE) {
		if err = removeStale(path); err != nil {
			return nil, err
		}
		ln, err = bindUnix(path, mode)
	}
	if err != nil {
		return nil, err
	}
	return ownUnix(ln, path, mode)
}

// lockFolder locks a folder, so that only one program at a time finds that a socket in it is stale
// and replaces it. A socket that is bound and does not listen yet looks stale too. If another
// program keeps the lock, or the file system has no locks, only this protection is missing.
func lockFolder(dir string) (unlock func() error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	lock := flock.New(dir, flock.SetFlag(os.O_RDONLY))
	lock.TryLockContext(ctx, 10*time.Millisecond)
	return lock.Close
}

// ownUnix returns the listener of a new socket at path.
func ownUnix(ln *net.UnixListener, path string, mode fs.FileMode) (net.Listener, error) {
	ln.SetUnlinkOnClose(false)
	err := os.Chmod(path, mode) // the umask may have cleared bits
	info, statErr := os.Lstat(path)
	if err = errors.Join(err, statErr); err != nil {
		os.Remove(path)
		ln.Close()
		return nil, err
	}
	l := &unixListener{UnixListener: ln, path: path, info: info}
	l.close = sync.OnceValue(l.removeAndClose)
	return l, nil
}

// removeStale removes the socket at path if no program listens on it.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("the path exists and is no socket, so it is not replaced: remove it, or choose another path")
	}
	nc, err := net.DialTimeout("unix", path, dialTimeout)
	switch {
	case err == nil:
		nc.Close()
		return ErrTaken
	case errors.Is(err, syscall.EAGAIN): // its queue is full
		return ErrTaken
	case !errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("the socket exists, and may be in use: %w", err)
	}
	return os.Remove(path)
}

// Close closes the listener. It may be called more than once.
func (l *unixListener) Close() error { return l.close() }

// removeAndClose removes the socket if it is still that of l. The inode of l is in use until l is
// closed, so no other socket can have its number.
func (l *unixListener) removeAndClose() error {
	if info, err := os.Lstat(l.path); err == nil && os.SameFile(info, l.info) {
		os.Remove(l.path)
	}
	return l.UnixListener.Close()
}
