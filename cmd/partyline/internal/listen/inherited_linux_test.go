//go:build !portable

package listen

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// firstPassed is the first of the descriptors at which the tests place sockets.
const firstPassed = 200

// pass places duplicates of sockets where a service manager would, with their names, and takes
// them. The order of the names is that of the descriptors.
func pass(t *testing.T, names string, sockets ...interface{ File() (*os.File, error) }) (*Opener, error) {
	t.Helper()
	for i, s := range sockets {
		f, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Dup3(int(f.Fd()), firstPassed+i, 0); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	t.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	t.Setenv("LISTEN_FDS", strconv.Itoa(len(sockets)))
	t.Setenv("LISTEN_FDNAMES", names)
	taken, err := takeInherited(firstPassed)
	o := &Opener{inherited: taken}
	t.Cleanup(func() { o.Close() })
	return o, err
}

// TestInherited opens inherited sockets, TCP and unix, by their names.
func TestInherited(t *testing.T) {
	path := socketPath(t)
	onUnix, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer onUnix.Close()
	onTCP := tcpListener(t)
	o, err := pass(t, "chat:web", onUnix, onTCP)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		if value, ok := os.LookupEnv(name); ok {
			t.Errorf("%s is still %s", name, value)
		}
	}
	for i := range 2 {
		if flags, err := unix.FcntlInt(uintptr(firstPassed+i), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d stays open in child processes: %x, %v", firstPassed+i, flags, err)
		}
	}
	for name, original := range map[string]net.Listener{"web": onTCP, "chat": onUnix} {
		ln, err := o.Open("fd:" + name)
		if err != nil {
			t.Fatal(err)
		}
		addr := ln.Addr()
		if addr.String() != original.Addr().String() {
			t.Errorf("%s listens on %v", name, addr)
		}
		client, err := net.Dial(addr.Network(), addr.String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		client.Close()
		server.Close()
		ln.Close()
	}
	if !answers(path) {
		t.Error("the program has removed the socket of the service manager")
	}
	if unused := o.Close(); unused != nil {
		t.Errorf("%q are unused", unused)
	}
}

// TestInheritedErrors asks for sockets that were not passed, and for passed ones that can't be
// used. The error lists the names that there are.
func TestInheritedErrors(t *testing.T) {
	connected, err := net.Dial("tcp", tcpListener(t).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connected.Close()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	o, err := pass(t, "chat:twice:twice:used:stream:packets", tcpListener(t), tcpListener(t), tcpListener(t), tcpListener(t),
		connected.(*net.TCPConn), packets.(*net.UDPConn))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := o.Open("fd:used")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for name, want := range map[string]string{
		"web": "fd:chat, fd:twice, fd:twice, fd:stream, fd:packets, fd:used", "": "fd:chat, ", "twice": "more than one",
		"used": "another listener", "stream": "does not listen", "packets": "no TCP or unix socket",
	} {
		if _, err := o.Open("fd:" + name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fd:%s: %v does not contain %q", name, err, want)
		}
	}
	if unused := o.Close(); !slices.Equal(unused, []string{"chat", "twice", "twice", "stream", "packets"}) {
		t.Errorf("%q are unused", unused)
	}
}

// TestInheritedEnvironment takes sockets with variables that are incomplete, for another process,
// or wrong.
func TestInheritedEnvironment(t *testing.T) {
	me := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		pid, count, names string
		want              string // the names that are taken, or a part of the error
	}{
		{"", "", "", "[]"},
		{me, "", "", "[]"},
		{"1", "2", "a:b", "[]"},
		{"x", "2", "a:b", "[]"},
		{me, "0", "", "[]"},
		{me, "1", "", "[unknown]"},
		{me, "2", "", "[unknown unknown]"},
		{me, "2", "a:", "[a ]"},
		{me, "x", "", "LISTEN_FDS"},
		{me, "-1", "", "LISTEN_FDS"},
		{me, "1025", "", "LISTEN_FDS"},
		{me, "9999999999999999999", "", "LISTEN_FDS"},
		{me, "2", "a", "LISTEN_FDNAMES"},
		{me, "1", "a:b", "LISTEN_FDNAMES"},
	} {
		t.Setenv("LISTEN_PID", c.pid)
		t.Setenv("LISTEN_FDS", c.count)
		t.Setenv("LISTEN_FDNAMES", c.names)
		taken, err := takeInherited(10_000) // not open
		names := []string{}
		for _, s := range taken {
			names = append(names, s.name)
		}
		got := fmt.Sprint(names)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%+v: got %s", c, got)
		}
		if _, ok := os.LookupEnv("LISTEN_FDS"); ok {
			t.Errorf("%+v: LISTEN_FDS is still set", c)
		}
	}
}
