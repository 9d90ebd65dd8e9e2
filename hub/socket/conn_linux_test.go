package socket

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKeepAlive checks how long the kernel waits for a quiet peer that is dead.
func TestKeepAlive(t *testing.T) {
	c, _ := pair(t)
	get := func(level, option int) time.Duration {
		t.Helper()
		n, err := unix.GetsockoptInt(int(c.fd), level, option)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(n)
	}
	if get(unix.SOL_SOCKET, unix.SO_KEEPALIVE) == 0 {
		t.Error("keep-alive is off")
	}
	idle, interval, count := get(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE), get(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL), get(unix.IPPROTO_TCP, unix.TCP_KEEPCNT)
	if d := (idle + interval*count) * time.Second; d > time.Minute {
		t.Errorf("a quiet peer that is dead is noticed after %v", d)
	}
	if get(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) != 0 {
		t.Error("the kernel ends the connection of a steady reader")
	}
}
