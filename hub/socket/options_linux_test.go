//go:build !portable

package socket

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// logged returns the buffer to which g logs from now on.
func logged(g *Group) *bytes.Buffer {
	var log bytes.Buffer
	g.SetLog(slog.New(slog.NewTextHandler(&log, nil)))
	return &log
}

// TestRefusedOption sets keep-alive times that the kernel refuses. Connections work without
// them, and there is one warning for all.
func TestRefusedOption(t *testing.T) {
	g := &Group{deadAfter: 100 * time.Hour}
	log := logged(g)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for range 3 {
		peer, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		var c Conn
		if err := c.Init(nc.(*net.TCPConn), g, endOfLine, time.Second); err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("hello\n")); err != nil {
			t.Error(err)
		}
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !strings.Contains(got, "option=keep-alive") {
		t.Errorf("the log has %q", got)
	}
}

// TestRefusedTCPInfo checks a socket that does not support TCP_INFO.
func TestRefusedTCPInfo(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fds[1])
	f := os.NewFile(uintptr(fds[0]), "")
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var g Group
	log := logged(&g)
	g.conns = map[*Conn]struct{}{{raw: raw}: {}, {raw: raw}: {}}
	g.check()
	g.check()
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "option=TCP_INFO") {
		t.Errorf("the log has %q", got)
	}
}

// TestOptionOfEndedConn checks that errors of a connection that has ended are not logged.
func TestOptionOfEndedConn(t *testing.T) {
	var g Group
	log := logged(&g)
	c, _ := pair(t)
	c.Close()
	g.reportOption("closed", c.nc.(*net.TCPConn).SetLinger(0))
	g.reportOption("reset", &net.OpError{Op: "set", Err: os.NewSyscallError("setsockopt", syscall.ECONNRESET)})
	g.reportOption("fine", nil)
	if log.Len() > 0 {
		t.Errorf("the log has %q", log)
	}
	var late Conn
	if err := late.Init(c.nc, &g, endOfLine, time.Second); !errors.Is(err, net.ErrClosed) || log.Len() > 0 {
		t.Errorf("Init returns %v and logs %q", err, log)
	}
}
