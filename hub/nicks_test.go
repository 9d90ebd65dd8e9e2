package hub

import (
	"bytes"
	"context"
	"testing"
)

// A hearing is a connection that passes on what it is sent before it takes it.
type hearing struct {
	simTryConn
	then func(frames []byte)
}

func (c hearing) TryWrite(frames []byte) (int, error) {
	c.then(frames)
	return c.simTryConn.TryWrite(frames)
}

// A client that hears that a member has left can have its name at once. The hub's mutex is
// held meanwhile, so that nothing counts that leaving does later.
func TestNameIsFreeWhenItsMemberHasLeft(t *testing.T) {
	h := New(Options{})
	heard := make(chan bool) // for each event of interest, whether alice has a name then
	serve := func(nick string, c Conn) {
		go h.Serve(context.Background(), Caller{Nick: nick, Codecs: simCodecs}, c)
	}
	serve("bob", hearing{simTryConn{newSimConn(1<<20, 1<<20)}, func(frames []byte) {
		for _, text := range []string{"You are bob", "alice has arrived", "alice has left"} {
			if bytes.Contains(frames, []byte(text)) {
				m, _ := h.nicks.find("alice")
				heard <- m != nil
			}
		}
	}})
	<-heard
	alice := newSimConn(1<<20, 1<<20)
	serve("alice", simTryConn{alice})
	if !<-heard {
		t.Error("a member that has arrived has no name")
	}
	h.mu.Lock()
	alice.said <- []string{"/quit"}
	taken := <-heard
	h.mu.Unlock()
	if taken {
		t.Error("a member that has left still has its name")
	}
	h.Shutdown(context.Background())
}
