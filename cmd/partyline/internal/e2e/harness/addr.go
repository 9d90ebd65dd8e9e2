package harness

import (
	"net"
	"os"
	"testing"
)

// PublicFolder returns a new folder that every user may enter, for unix sockets and for programs that run as
// another user. Its path is short.
func PublicFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "partyline-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// OccupiedAddr returns a loopback address that is in use until the end of the test.
func OccupiedAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// FreeAddr returns a loopback address that is not in use.
func FreeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Accepts reports whether addr accepts connections.
func Accepts(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		conn.Close()
	}
	return err == nil
}
