package jetstream

import (
	"errors"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
)

// TestFrozen stops the server's process. A message must be refused with ErrUnknown after Patience, the next ones at
// once, and all works again when the process continues.
func TestFrozen(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	j := start(t, Options{URLs: servers.URLs(), Partitions: 1, Patience: 12 * time.Second, Retention: history.Retention{Messages: 100}})
	f := hubtest.Follow(j, "r")
	mustSay(t, f, "before")
	servers.Freeze(0)
	if r := <-say(f, "during", "key"); !errors.Is(r.Err, history.ErrUnknown) {
		t.Errorf("the result is %v", r.Err)
	}
	if r := <-say(f, "later", ""); r.Err == nil || errors.Is(r.Err, history.ErrUnknown) {
		t.Errorf("the result of the next message is %v", r.Err)
	}
	if j.Failure() == nil {
		t.Error("there is no failure")
	}
	servers.Thaw(0)
	await(t, "there is no failure", func() bool { return j.Failure() == nil })
	var again result
	await(t, "a message is said", func() bool { again = <-say(f, "during", "key"); return again.Err == nil })
	mustSay(t, f, "after")
	texts := ""
	for _, m := range f.Delivered() {
		texts += m.Text + " "
	}
	if texts != "before during after " {
		t.Errorf("delivered: %s", texts)
	}
}
