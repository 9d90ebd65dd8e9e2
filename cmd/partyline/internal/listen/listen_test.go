package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// open opens addr, and closes it at the end of the test.
func open(t *testing.T, mode fs.FileMode, addr string) (net.Listener, error) {
	t.Helper()
	ln, err := (&Opener{mode: mode}).Open(addr)
	if err == nil {
		t.Cleanup(func() { ln.Close() })
	}
	return ln, err
}

// socketPath returns the path of a socket that does not exist. The path is short.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "listen")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "chat.sock")
}

// stalePath returns the path of a socket that a dead program has left.
func stalePath(t *testing.T) string {
	t.Helper()
	path := socketPath(t)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	return path
}

// answers reports whether something accepts connections at path.
func answers(path string) bool {
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// TestUnixSocket connects to a socket. Its mode is as given, and it is gone when the listener is
// closed.
func TestUnixSocket(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666, 0o777} {
		path := socketPath(t)
		ln, err := open(t, mode, "unix:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|mode {
			t.Errorf("the mode is %v, %v, not %v", info.Mode(), err, mode)
		}
		client, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		if _, ok := server.(*net.UnixConn); !ok {
			t.Errorf("Accept returns a %T", server)
		}
		ln.Close()
		ln.Close()
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// TestStaleSocket opens a socket that a dead program has left.
func TestStaleSocket(t *testing.T) {
	path := stalePath(t)
	if _, err := open(t, 0o600, "unix:"+path); err != nil {
		t.Fatal(err)
	}
	if !answers(path) {
		t.Error("the socket does not accept connections")
	}
}

// TestLiveSocket opens a socket on which a program listens, also one whose queue is full.
func TestLiveSocket(t *testing.T) {
	path := socketPath(t)
	if _, err := open(t, 0o600, "unix:"+path); err != nil {
		t.Fatal(err)
	}
	for full := false; ; full = true {
		if _, err := open(t, 0o600, "unix:"+path); !errors.Is(err, ErrTaken) {
			t.Fatalf("the queue is full: %t: the error is %v", full, err)
		}
		if full {
			break
		}
		fillQueue(t, path)
	}
}

// fillQueue connects to path until its queue is full.
func fillQueue(t *testing.T, path string) {
	t.Helper()
	for range 100_000 {
		c, err := net.DialTimeout("unix", path, 100*time.Millisecond)
		if err != nil {
			return
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("the queue has no limit")
}

// TestNoSocket opens paths that are no sockets. They stay as they are.
func TestNoSocket(t *testing.T) {
	path := socketPath(t)
	target := path + ".target"
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, create := range map[string]func() error{
		"a file":            func() error { return os.WriteFile(path, []byte("precious"), 0o600) },
		"a folder":          func() error { return os.Mkdir(path, 0o700) },
		"a link":            func() error { return os.Symlink(target, path) },
		"a link to nothing": func() error { return os.Symlink(target+"2", path) },
	} {
		if err := create(); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(path)
		if _, err := open(t, 0o600, "unix:"+path); err == nil || !strings.Contains(err.Error(), "is no socket") {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() {
			t.Errorf("%s is now %v, %v", name, after, err)
		}
		os.Remove(path)
	}
	if b, _ := os.ReadFile(target); string(b) != "precious" {
		t.Errorf("the target of the link has %q", b)
	}
}

// TestReplacedSocket replaces the socket of a listener by another one, which stays when the
// listener is closed.
func TestReplacedSocket(t *testing.T) {
	path := socketPath(t)
	first, err := open(t, 0o600, "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	if _, err := open(t, 0o600, "unix:"+path); err != nil {
		t.Fatal(err)
	}
	first.Close()
	if !answers(path) {
		t.Error("the other socket is gone")
	}
}

// TestRaceForStaleSocket opens a stale socket several times at once. One of the openers gets it.
func TestRaceForStaleSocket(t *testing.T) {
	for range 20 {
		path := stalePath(t)
		const openers = 8
		results := make(chan error)
		for range openers {
			go func() {
				_, err := open(t, 0o600, "unix:"+path)
				results <- err
			}()
		}
		opened := 0
		for range openers {
			switch err := <-results; {
			case err == nil:
				opened++
			case !errors.Is(err, ErrTaken):
				t.Error(err)
			}
		}
		if opened != 1 || !answers(path) {
			t.Errorf("%d openers got the socket", opened)
		}
	}
}

// TestLockedFolder opens a socket in a folder that another program has locked.
func TestLockedFolder(t *testing.T) {
	path := socketPath(t)
	lock := flock.New(filepath.Dir(path), flock.SetFlag(os.O_RDONLY))
	if locked, err := lock.TryLock(); !locked || err != nil {
		t.Fatalf("%t, %v", locked, err)
	}
	defer lock.Close()
	if _, err := open(t, 0o600, "unix:"+path); err != nil {
		t.Error(err)
	}
}

// TestUnixErrors tests that errors say what is wrong.
func TestUnixErrors(t *testing.T) {
	path := socketPath(t)
	for addr, want := range map[string]string{
		"unix:":                              "no path",
		"unix://":                            "no path",
		"unix:@chat":                         "abstract",
		"unix:" + path + "/x":                "no such file or directory",
		"unix:/" + strings.Repeat("x", 99+5): "at most 103",
	} {
		if _, err := open(t, 0o600, addr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v does not contain %q", addr, err, want)
		}
	}
	long := filepath.Dir(path) + "/" + strings.Repeat("x", maxPath-len(filepath.Dir(path))-1)
	if _, err := open(t, 0o600, "unix:"+long); err != nil {
		t.Errorf("a path of %d bytes: %v", len(long), err)
	}
}

// TestTCP listens on a free port, which is then taken.
func TestTCP(t *testing.T) {
	ln, err := open(t, 0, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, 0, ln.Addr().String()); !errors.Is(err, ErrTaken) {
		t.Errorf("the error is %v", err)
	}
	for _, addr := range []string{"nonsense", "127.0.0.1:x", "fd:web"} {
		if _, err := open(t, 0, addr); err == nil || errors.Is(err, ErrTaken) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// TestUnixPathForms opens a path with and without slashes before it, and a relative one.
func TestUnixPathForms(t *testing.T) {
	path := socketPath(t)
	t.Chdir(filepath.Dir(path))
	for _, form := range []string{"unix:%s", "unix://%s"} {
		for _, p := range []string{path, filepath.Base(path)} {
			ln, err := open(t, 0o600, fmt.Sprintf(form, p))
			if err != nil {
				t.Fatal(err)
			}
			if !answers(path) {
				t.Errorf(form+" does not accept connections", p)
			}
			ln.Close()
		}
	}
}
