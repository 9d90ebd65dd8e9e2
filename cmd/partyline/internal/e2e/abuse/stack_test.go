package abuse

import (
	"log/slog"
	"net"
	"runtime"
	"runtime/metrics"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub"
	"partyline/tcpgw"
)

// An idle member's goroutine keeps a stack of 2 KiB: the path from accept to the wait for input must fit. With a stack
// of 4 KiB an idle member needs a third more memory.
func TestIdleStack(t *testing.T) {
	if harness.RaceEnabled {
		t.Skip("the race detector needs more stack")
	}
	h := hub.New(hub.Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &tcpgw.Gateway{Hub: h, MaxLine: hub.DefaultMaxLine, Log: slog.New(slog.DiscardHandler)}
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	stacks := func() uint64 {
		runtime.GC()
		s := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	before := stacks()
	const members = 1000
	conns := make([]net.Conn, members)
	for i := range conns {
		if conns[i], err = net.Dial("tcp", ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range conns {
		if _, err := c.Read(make([]byte, 1)); err != nil { // of the welcome
			t.Fatal(err)
		}
	}
	size := func() uint64 { return (max(stacks(), before) - before) / members }
	if !harness.Eventually(func() bool { return size() <= 3<<10 }) { // the goroutines of arrivals have ended
		t.Errorf("a member's stack has %d bytes", size())
	}
	for _, c := range conns {
		c.Close()
	}
	ln.Close()
	h.Shutdown(t.Context())
	<-served
}
