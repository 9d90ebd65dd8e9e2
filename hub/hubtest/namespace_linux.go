package hubtest

import (
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Namespace is a network namespace with one interface. Its MTU is 1500, as on a real link;
// that of the loopback interface is 64 KiB.
type Namespace struct{ name, device, addr string }

// Namespaces creates two linked namespaces and removes them when the test ends. It skips the
// test if the process can't create them.
func Namespaces(t *testing.T) (a, b *Namespace) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can create network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip not found (Debian: iproute2)")
	}
	id := "pl" + strings.ToLower(rand.Text()[:6])
	a = &Namespace{id + "a", id + "a0", "10.99.0.1"}
	b = &Namespace{id + "b", id + "b0", "10.99.0.2"}
	run := func(args string) error {
		out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput()
		if err != nil {
			t.Logf("ip %s: %s", args, out)
		}
		return err
	}
	for _, ns := range []*Namespace{a, b} {
		if run("netns add "+ns.name) != nil {
			t.Skip("this system has no network namespaces")
		}
		t.Cleanup(func() { exec.Command("ip", "netns", "del", ns.name).Run() })
	}
	if run("link add "+a.device+" netns "+a.name+" type veth peer name "+b.device+" netns "+b.name) != nil {
		t.Skip("this system has no virtual links")
	}
	for _, ns := range []*Namespace{a, b} {
		for _, args := range []string{"addr add " + ns.addr + "/24 dev " + ns.device, "link set " + ns.device + " mtu 1500 up", "link set lo up"} {
			if err := run("-n " + ns.name + " " + args); err != nil {
				t.Fatal(err)
			}
		}
	}
	return a, b
}

// in calls f on a thread in the namespace. Sockets that f creates stay in the namespace.
func (ns *Namespace) in(t *testing.T, f func()) {
	t.Helper()
	if err := ns.tryIn(f); err != nil {
		t.Fatal(err)
	}
}

// tryIn is in for any goroutine.
func (ns *Namespace) tryIn(f func()) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		fd, err := os.Open("/var/run/netns/" + ns.name)
		if err == nil {
			err = unix.Setns(int(fd.Fd()), unix.CLONE_NEWNET)
			fd.Close()
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	return <-done
}

// TryDial returns a connection from the namespace to an address. Any goroutine may call it.
func (ns *Namespace) TryDial(addr string) (nc net.Conn, err error) {
	d := net.Dialer{Timeout: time.Second}
	if inErr := ns.tryIn(func() { nc, err = d.Dial("tcp", addr) }); inErr != nil {
		return nil, inErr
	}
	return nc, err
}

// Listen returns a listener in the namespace. It is closed when the test ends.
func (ns *Namespace) Listen(t *testing.T) (ln net.Listener) {
	t.Helper()
	var err error
	ns.in(t, func() { ln, err = net.Listen("tcp", ns.addr+":0") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// Dial returns a connection from the namespace to an address. buffer is the value of
// SO_RCVBUF; 0 leaves it to the system.
func (ns *Namespace) Dial(t *testing.T, addr string, buffer int) (nc net.Conn) {
	t.Helper()
	d := net.Dialer{Timeout: 10 * time.Second, Control: func(_, _ string, raw syscall.RawConn) (err error) {
		if buffer > 0 {
			raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, buffer) })
		}
		return err
	}}
	var err error
	ns.in(t, func() { nc, err = d.Dial("tcp", addr) })
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

// Cut takes the namespace's link down, so that no packet arrives or leaves.
func (ns *Namespace) Cut(t *testing.T) { ns.setLink(t, "down") }

// Restore takes the namespace's link up again.
func (ns *Namespace) Restore(t *testing.T) { ns.setLink(t, "up") }

func (ns *Namespace) setLink(t *testing.T, state string) {
	t.Helper()
	if out, err := exec.Command("ip", "-n", ns.name, "link", "set", ns.device, state).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// Command changes a command that has not started, so that it runs in the namespace.
func (ns *Namespace) Command(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = append([]string{ip, "netns", "exec", ns.name, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = ip
}
