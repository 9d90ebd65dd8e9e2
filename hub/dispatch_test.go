package hub

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"partyline/hub/wire"
)

// TestEveryVerbHasAHandler dispatches a valid request with each verb of hub/wire. Each must
// send something to its member or end it. A verb without a handler does neither.
func TestEveryVerbHasAHandler(t *testing.T) {
	for _, verb := range wire.Verbs() {
		t.Run(string(verb), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := New(Options{})
				caller := Caller{Nick: "alice", Codecs: simCodecs}
				conn := newSimConn(1<<20, 1<<30)
				s := newSession(h, &caller, simTryConn{conn})
				if !h.add(s) {
					t.Fatal("the hub accepts no member")
				}
				s.start(&caller)
				before, _ := conn.received()

				// Alice is another spelling of the nick, a member that can be written to,
				// and the name of a room.
				err := dispatchOne(t, s, &wire.Request{Verb: verb, Text: "x", Name: "Alice", Format: wire.JSON})
				synctest.Wait()
				after, _ := conn.received()
				switch {
				case err != nil && !errors.Is(err, ErrQuit):
					t.Errorf("the request fails: %v", err)
				case err == nil && len(after) == len(before):
					t.Error("the request has neither an answer nor an effect")
				}

				s.end(ErrQuit)
				h.remove(s)
				h.Shutdown(context.Background())
			})
		})
	}
}

// dispatchOne dispatches q as readLoop does. A panic fails the test.
func dispatchOne(t *testing.T, s *session, q *wire.Request) error {
	t.Helper()
	s.takeTurn()
	defer s.endTurn()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("dispatch panics: %v", p)
		}
	}()
	err := s.dispatch(q)
	s.sweep()
	return err
}
