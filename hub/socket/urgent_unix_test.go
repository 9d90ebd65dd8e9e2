//go:build unix && !portable

package socket

import (
	"io"
	"net"
	"syscall"
	"testing"
)

// TestUrgent reads urgent data in its position in the stream.
func TestUrgent(t *testing.T) {
	c, peer := pair(t)
	io.WriteString(peer, "one ")
	sendUrgent(t, peer, "two ")
	io.WriteString(peer, "three ")
	sendUrgent(t, peer, "four")
	peer.CloseWrite()
	var got []byte
	for {
		b, err := c.Read()
		got = append(got, b...)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if string(got) != "one two three four" {
		t.Errorf("read %q", got)
	}
}

// sendUrgent sends s with its last byte as urgent data.
func sendUrgent(t *testing.T, peer *net.TCPConn, s string) {
	t.Helper()
	raw, err := peer.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = syscall.Sendto(int(fd), []byte(s), syscall.MSG_OOB, nil) })
	if err != nil {
		t.Error(err)
	}
}
