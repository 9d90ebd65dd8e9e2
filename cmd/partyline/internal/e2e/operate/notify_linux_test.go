package operate

import (
	"net"
	"regexp"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestNotify starts the program as systemd starts a service of Type=notify with a watchdog. It says that
// it is ready when it accepts connections, gives signs of life, says when it reloads its settings, and
// says that it stops before it closes its listeners, with the time that this may take.
func TestNotify(t *testing.T) {
	t.Parallel()
	path := harness.PublicFolder(t) + "/notify"
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	expect := func(pattern string) {
		t.Helper()
		b := make([]byte, 1000)
		for {
			manager.SetReadDeadline(time.Now().Add(harness.Patience))
			n, err := manager.Read(b)
			if err != nil {
				t.Fatalf("%s did not arrive: %v", pattern, err)
			}
			if regexp.MustCompile("^" + pattern + "$").Match(b[:n]) {
				return
			}
			if string(b[:n]) != "WATCHDOG=1" {
				t.Fatalf("received %q before %s", b[:n], pattern)
			}
		}
	}
	addr := harness.FreeAddr(t)
	p := harness.StartPartyline(t, []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=100000"},
		"--tcp", addr, "--http", "", "--drain", "20s")
	expect("READY=1")
	c := harness.DialText(t, addr)
	harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	for range 3 {
		expect("WATCHDOG=1")
	}
	p.Signal(t, syscall.SIGHUP)
	expect("RELOADING=1\nMONOTONIC_USEC=[0-9]+")
	expect("READY=1")
	(&harness.Program{Process: p}).Stop(t)
	expect("STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000")
}
