package tcpgw

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A failingListener accepts connections that a gateway can't use. failures has one number for each: how
// often Accept fails before it. After the last connection the listener is closed.
type failingListener struct {
	net.Listener
	failures []int
	accepted []time.Time
}

func (l *failingListener) Accept() (net.Conn, error) {
	switch {
	case len(l.failures) == 0:
		return nil, net.ErrClosed
	case l.failures[0] > 0:
		l.failures[0]--
		return nil, errors.New("too many open files")
	}
	l.failures = l.failures[1:]
	l.accepted = append(l.accepted, time.Now())
	c, other := net.Pipe()
	other.Close()
	return c, nil
}

// TestAcceptFails checks that Serve waits longer after each failure of Accept, up to a second,
// and logs only the first one. After a connection it starts again with the shortest wait.
func TestAcceptFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ln := &failingListener{failures: []int{0, 4, 10, 0}}
		g := &Gateway{Log: slog.New(slog.NewTextHandler(&log, nil))}
		start := time.Now()
		if err := g.Serve(ln); err != nil {
			t.Error(err)
		}
		for i, want := range []time.Duration{0, 75, 75 + 1275 + 2000, 75 + 1275 + 2000} {
			if took := ln.accepted[i].Sub(start); took != want*time.Millisecond {
				t.Errorf("connection %d is accepted after %v, not %d ms", i, took, want)
			}
		}
		if n := strings.Count(log.String(), "accept failed"); n != 2 {
			t.Errorf("%d failures in the log:\n%s", n, log.String())
		}
		if n := strings.Count(log.String(), "neither a TCP connection"); n != 4 {
			t.Errorf("%d connections in the log:\n%s", n, log.String())
		}
	})
}
