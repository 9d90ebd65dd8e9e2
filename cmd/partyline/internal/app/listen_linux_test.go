package app

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestListenersAreTCP checks that the protocol of each listener is TCP. Go's default is Multipath
// TCP.
func TestListenersAreTCP(t *testing.T) {
	if b, err := os.ReadFile("/proc/sys/net/mptcp/enabled"); err != nil || strings.TrimSpace(string(b)) != "1" {
		t.Skip("this kernel has no Multipath TCP")
	}
	l, err := Listen(Config{TCP: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	for name, ln := range map[string]net.Listener{"--tcp": l.TCP, "--http": l.HTTP} {
		defer ln.Close()
		raw, err := ln.(*net.TCPListener).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var protocol int
		raw.Control(func(fd uintptr) {
			protocol, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_PROTOCOL)
		})
		if err != nil || protocol != syscall.IPPROTO_TCP {
			t.Errorf("%s listens with protocol %d, %v", name, protocol, err)
		}
	}
}
