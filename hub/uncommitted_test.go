package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"partyline/hub"
	"partyline/hub/history"
)

// A short message counts as more bytes than its text has, as it needs more memory.
func TestShortUncommittedMessages(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		alice, bob := h.named("alice"), h.named("bob")
		const all = 1000
		for range all {
			alice.Say("x")
		}
		synctest.Wait()
		if n := j.countPending(); n < 100 || n > 300 {
			t.Errorf("%d messages of one byte are uncommitted", n)
		}
		j.commitAll()
		if n := len(bob.Received()); n != all {
			t.Errorf("%d of %d messages were received", n, all)
		}
	})
}

// When the messages of all members reach 16 MiB of uncommitted bytes, each member may have one
// more message, and continues when that is committed.
func TestUncommittedBytesLimit(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		text := strings.Repeat("x", 4000)
		var talkers []*client
		for i := range 300 {
			p := h.connect(hub.Caller{Nick: fmt.Sprint("t", i), Room: fmt.Sprint("room-", i)})
			for range 20 {
				p.Say(text)
			}
			talkers = append(talkers, p)
		}
		synctest.Wait()
		before := j.countPending()
		if bytes := before * len(text); bytes < 15<<20 || bytes > 17<<20 {
			t.Errorf("%d bytes are uncommitted", bytes)
		}
		newcomer := h.named("newcomer")
		newcomer.send("one", "two")
		if n := j.countPending() - before; n != 1 {
			t.Errorf("the newcomer has %d uncommitted messages", n)
		}
		newcomer.expect()
		j.commitAll()
		newcomer.expect("newcomer: one", "newcomer: two")
		for _, p := range talkers {
			if n := len(p.Received()); n != 21 { // and the welcome
				t.Errorf("a member received %d lines", n)
			}
		}
	})
}

// A member with many uncommitted messages is not read further.
func TestUncommittedLimitPerMember(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		alice := h.named("alice")
		line := strings.Repeat("x", 4000)
		for range 100 {
			alice.Say(line)
		}
		synctest.Wait()
		total := 0
		for n := j.commit(history.Result{}); n > 0; n = j.commit(history.Result{}) {
			if total += n; n > 17 {
				t.Errorf("%d messages are uncommitted", n)
			}
		}
		if total != 100 {
			t.Errorf("%d messages in all", total)
		}
	})
}

// The uncommitted messages of a room, which a journal may commit all at once, do not push a reader that keeps up out of the
// window.
func TestUncommittedLimitPerRoom(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		text := strings.Repeat("x", 1000)
		const talkers, each = 40, 50
		for i := range talkers {
			p := h.named(fmt.Sprint("t", i))
			for range each {
				p.Say(text)
			}
		}
		synctest.Wait()
		if bytes := j.countPending() * len(text); bytes < hub.DefaultWindow/8 || bytes > hub.DefaultWindow/4 {
			t.Errorf("%d bytes are uncommitted", bytes)
		}
		reader := h.named("reader")
		j.commitAll()
		if n := len(reader.Received()); n != talkers*each {
			t.Errorf("%d of %d messages were received", n, talkers*each)
		}
	})
}
