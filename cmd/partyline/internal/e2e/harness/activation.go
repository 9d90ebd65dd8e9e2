package harness

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
)

// Activated returns the command that starts the program with sockets as systemd passes them. names are their
// names, separated by colons.
func Activated(t *testing.T, names string, sockets []*os.File, args ...string) *exec.Cmd {
	t.Helper()
	program := Command(t, []string{"LISTEN_FDS=" + fmt.Sprint(len(sockets)), "LISTEN_FDNAMES=" + names}, args...)
	cmd := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ exec "$@"`, "sh", program.Path}, program.Args[1:]...)...)
	cmd.Env, cmd.ExtraFiles = program.Env, sockets
	return cmd
}

// SocketFile listens until the end of the test, and returns a duplicate of the descriptor and the address.
func SocketFile(t *testing.T, network, addr string) (*os.File, net.Addr) {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	f, err := ln.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, ln.Addr()
}
