package hub

import (
	"bytes"
	"context"
	"testing"
)

// An interceptConn is a connection that calls then with the frames before it writes them.
type interceptConn struct {
	simTryConn
	then func(frames []byte)
}

func (c interceptConn) TryWrite(frames []byte) (int, error) {
	c.then(frames)
	return c.simTryConn.TryWrite(frames)
}

// A client that receives the notice that a member has left can take its name at once. The test
// holds the hub's mutex, so that the later steps of leaving cannot free the name.
func TestNameIsFreeAfterLeave(t *testing.T) {
	h := New(Options{})
	hasName := make(chan bool) // for each of the events below, whether alice has her name then
	serve := func(nick string, c Conn) {
		go h.Serve(context.Background(), &Caller{Nick: nick, Codecs: simCodecs}, c)
	}
	serve("bob", interceptConn{simTryConn{newSimConn(1<<20, 1<<20)}, func(frames []byte) {
		for _, text := range []string{"You are bob", "alice has arrived", "alice has left"} {
			if bytes.Contains(frames, []byte(text)) {
				m, _ := h.nicks.find("alice")
				hasName <- m != nil
			}
		}
	}})
	<-hasName
	alice := newSimConn(1<<20, 1<<20)
	serve("alice", simTryConn{alice})
	if !<-hasName {
		t.Error("a member that has arrived has no name")
	}
	h.mu.Lock()
	alice.input <- []string{"/quit"}
	taken := <-hasName
	h.mu.Unlock()
	if taken {
		t.Error("a member that has left still has its name")
	}
	h.Shutdown(context.Background())
}
