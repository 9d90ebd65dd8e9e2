package hub_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
)

// Shutdown delivers all messages and sends each member a goodbye.
func TestShutdownSendsGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &testHub{t, hub.New(hub.Options{})}
		alice, bob := h.named("alice"), h.bot("bob")
		alice.Received()
		bob.Freeze()
		alice.send("last words")
		ended := make(chan error, 1)
		go func() { ended <- h.hub.Shutdown(context.Background()) }()
		alice.expect("alice: last words", "-- goodbye: the server is restarting, come back in a moment --")
		if why := alice.wait(); !errors.Is(why, hub.ErrShutdown) {
			t.Errorf("alice ended with %v", why)
		}
		select {
		case <-ended:
			t.Error("shutdown did not wait for bob")
		default:
		}
		newcomer := hubtest.NewConn()
		if err := h.hub.Serve(context.Background(), &hub.Caller{Codecs: hubtest.Codecs()}, newcomer); !errors.Is(err, hub.ErrShutdown) {
			t.Errorf("a newcomer got %v", err)
		}
		bob.Thaw()
		received := bob.Received()
		synctest.Wait()
		received = append(received, bob.Received()...)
		if len(received) != 2 || !strings.Contains(received[0], "last words") ||
			!strings.HasPrefix(received[1], `{"type":"bye","reason":"shutdown","reconnect":true,"after_ms":`) {
			t.Errorf("bob received %q", received)
		}
		if err := <-ended; err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
}

// Shutdown closes the connections of members that read nothing when its context ends.
func TestShutdownClosesFrozenReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &testHub{t, hub.New(hub.Options{})}
		alice, bob := h.named("alice"), h.named("bob")
		bob.Freeze()
		alice.send("hello")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		start := time.Now()
		if err := h.hub.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown: %v", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("shutdown took %v", took)
		}
		bob.wait()
	})
}

func TestCanceledContextEndsMember(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		ctx, cancel := context.WithCancel(context.Background())
		conn := hubtest.NewConn()
		end := make(chan error, 1)
		go func() { end <- h.hub.Serve(ctx, &hub.Caller{Codecs: hubtest.Codecs()}, conn) }()
		synctest.Wait()
		cancel()
		if why := <-end; !errors.Is(why, hub.ErrShutdown) {
			t.Errorf("it ended with %v", why)
		}
	})
}

// A journal that never commits does not delay Shutdown beyond its context.
func TestShutdownDoesNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &testHub{t, hub.New(hub.Options{Journal: newManualJournal()})}
		alice := h.named("alice")
		h.named("bob")
		alice.send("never")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		start := time.Now()
		if err := h.hub.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("shutdown: %v after %v", err, time.Since(start))
		}
	})
}

// All members receive what is committed before the drain ends.
func TestShutdownDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newManualJournal()
		h := &testHub{t, hub.New(hub.Options{Journal: j})}
		alice, bob := h.named("alice"), h.named("bob")
		alice.Received()
		alice.send("last words")
		done := make(chan error, 1)
		go func() { done <- h.hub.Shutdown(context.Background()) }()
		synctest.Wait()
		j.commit(history.Result{})
		if err := <-done; err != nil {
			t.Error(err)
		}
		for _, p := range []*client{alice, bob} {
			if received := p.Received(); len(received) < 2 || received[0] != "alice: last words" {
				t.Errorf("received %q", received)
			}
		}
	})
}

// Shutdown ends the wait of a member for a commit, whatever request of the member comes next.
func TestShutdownEndsAllWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newManualJournal()
		h := &testHub{t, hub.New(hub.Options{Journal: j})}
		var members []*client
		for request, n := range map[string]int{
			"/who": 1, "/join ops": 1, "/nick other": 1, "/since 0": 1, "/quit": 1, strings.Repeat("x", 4000): 20,
		} {
			p := h.named("")
			p.Say("one")
			for range n {
				p.Say(request)
			}
			members = append(members, p)
		}
		disconnected := h.named("")
		disconnected.Say("one")
		disconnected.Leave()
		synctest.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := h.hub.Shutdown(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("shutdown: %v", err)
		}
		for _, p := range append(members, disconnected) {
			p.wait()
		}
		j.commit(history.Result{}) // after the last member has left
		if n := h.hub.Members(); n != 0 {
			t.Errorf("%d members are left", n)
		}
	})
}

// Shutdown refuses a message that waits for the limit of uncommitted bytes. The member still
// receives its earlier messages, and then the goodbye.
func TestShutdownRefusesWaitingMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newManualJournal()
		h := &testHub{t, hub.New(hub.Options{Journal: j})}
		bob := h.named("bob")
		long := strings.Repeat("x", 4000)
		for range 16 {
			bob.Say(long)
		}
		synctest.Wait()
		n := j.countPending() // and one more message waits for the limit
		ended := make(chan error, 1)
		go func() { ended <- h.hub.Shutdown(context.Background()) }()
		var received []string
		for len(received) == 0 {
			runtime.Gosched()
			received = bob.Received()
		}
		j.commit(history.Result{})
		if err := <-ended; err != nil {
			t.Errorf("shutdown: %v", err)
		}
		received = append(received, bob.Received()...)
		if len(received) != n+2 || received[0] != "! not said: the server is ending" ||
			received[1] != "bob: "+long || !strings.HasPrefix(received[n+1], "-- goodbye: the server is restarting") {
			t.Errorf("bob received %d lines, not %d", len(received), n+2)
		}
	})
}
