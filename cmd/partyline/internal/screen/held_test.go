package screen

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"partyline/client"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// A faultyJournal can't store messages while it is broken.
type faultyJournal struct {
	history.Journal
	broken atomic.Bool
}

func (j *faultyJournal) Append(m *wire.Message, key string, commit func(history.Result)) {
	if j.broken.Load() {
		commit(history.Result{Err: errors.New("no space")})
		return
	}
	j.Journal.Append(m, key, commit)
}

// TestHeld says something while the server can't store it. It is said later, or shown as not sent.
func TestHeld(t *testing.T) {
	journal := &faultyJournal{Journal: history.NewMemory(history.Retention{Messages: 1000})}
	s := startServerAt(t, "127.0.0.1:0", journal)
	alice := newDriver(t, s.address, client.Options{Nick: "alice"}, Options{})
	bob := newDriver(t, s.address, client.Options{Nick: "bob", Patience: time.Millisecond}, Options{})
	for _, d := range []*driver{alice, bob} {
		d.status("connected")
	}
	journal.broken.Store(true)
	bob.keys("never<enter>")
	bob.see("not sent (not said: ")
	alice.keys("one<enter>")
	alice.see("partyline tries again by itself")
	alice.keys("/me waves<enter>two<enter>")
	journal.broken.Store(false)
	alice.await("the acks", func(string) bool { return len(alice.m.unanswered) == 0 })
	bob.see("alice   one\n", "two\n")
	bob.keys("later<enter>")
	alice.see("bob   later\n")
	alice.gone("not sent")
	alice.gone("never")
}
