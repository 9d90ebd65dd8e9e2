package hub_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// A recorder is a Meter that counts.
type recorder struct {
	mu                       sync.Mutex
	messages, deliveries     int
	sweeps                   int
	oldest                   time.Duration
	gaps                     int
	skipped                  int64
	paced                    time.Duration
	turnedAway, left, denied map[string]int
}

func newRecorder() *recorder {
	return &recorder{turnedAway: make(map[string]int), left: make(map[string]int), denied: make(map[string]int)}
}

func (r *recorder) do(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *recorder) Committed(members int) { r.do(func() { r.messages++; r.deliveries += members }) }

func (r *recorder) Swept(took, age time.Duration) {
	r.do(func() { r.sweeps++; r.oldest = max(r.oldest, age) })
}

func (r *recorder) Skipped(messages int64)        { r.do(func() { r.gaps++; r.skipped += messages }) }
func (r *recorder) Paced(wait time.Duration)      { r.do(func() { r.paced += wait }) }
func (r *recorder) TurnedAway(reason string)      { r.do(func() { r.turnedAway[reason]++ }) }
func (r *recorder) Refused(code wire.Code)        { r.do(func() { r.denied[string(code)]++ }) }
func (r *recorder) Left(transport, reason string) { r.do(func() { r.left[transport+" "+reason]++ }) }

// TestMeter has members say, ask for too much, lag and leave in different ways.
func TestMeter(t *testing.T) {
	m := newRecorder()
	limits := admission.Limits{Members: 5, PerAddress: 2, Arrivals: 3}
	options := hub.Options{
		Meter: m, Limits: limits, Rate: 10, Burst: 1000, Window: 64 << 10,
		Journal: history.NewMemory(history.Retention{Messages: 10_000}),
	}
	synctest.Test(t, func(t *testing.T) {
		h := &testHub{t, hub.New(options)}
		alice, bob := h.named("alice"), h.join(hub.Caller{Nick: "bob", Via: "other"})
		if m.messages != 0 || len(m.left) != 0 {
			t.Errorf("at first there are %d messages", m.messages)
		}
		alice.send("hello", "/nick a b", "/nonsense", "hello again")
		if m.messages != 2 || m.deliveries != 4 || m.sweeps == 0 {
			t.Errorf("%d messages, %d deliveries, %d sweeps", m.messages, m.deliveries, m.sweeps)
		}
		if want := map[string]int{"nick_invalid": 1, "unknown_command": 1}; !maps.Equal(m.denied, want) {
			t.Errorf("refused: %v", m.denied)
		}

		bob.Freeze()
		alice.send("to a frozen reader")
		time.Sleep(time.Second) // the others no longer wait for bob
		synctest.Wait()
		before := m.messages
		const n = 200
		for i := range n {
			alice.send(fmt.Sprintf("%d %s", i, padding))
		}
		if m.messages != before+n {
			t.Errorf("%d messages of %d", m.messages-before, n)
		}
		if f := h.hub.Figures(); f.Lagging != 1 || f.Backlog == 0 || !maps.Equal(f.Members, map[string]int{"test": 1, "other": 1}) ||
			!maps.Equal(f.Rooms, map[string]int{"test": 1, "other": 1}) || f.Written["test"] < n*int64(len(padding)) {
			t.Errorf("the figures are %+v", f)
		}
		bob.Thaw()
		synctest.Wait()
		if m.gaps != 1 || m.skipped == 0 || m.skipped >= n {
			t.Errorf("%d gaps of %d messages", m.gaps, m.skipped)
		}

		alice.Say("/quit")
		alice.wait()
		bob.Leave()
		bob.wait()
		if f := h.hub.Figures(); f.Lagging != 0 || len(f.Members) != 0 || f.Written["test"] < n*int64(len(padding)) || f.Written["other"] == 0 {
			t.Errorf("after the end the figures are %+v", f)
		}
		h.named("carol")
		if err := h.hub.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if want := map[string]int{"test quit": 1, "other left": 1, "test shutdown": 1}; !maps.Equal(m.left, want) {
			t.Errorf("left: %v", m.left)
		}

		address := func(s string) netip.Addr { return netip.MustParseAddr(s) }
		for i, addr := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.1"} {
			if _, err := h.hub.Admit(address(addr)); (err != nil) != (i == 2) {
				t.Error(err)
			}
		}
		for i := range 4 {
			if slot, err := h.hub.Admit(address("192.0.2.2")); err == nil {
				slot.Leave()
			} else if i < 3 {
				t.Error(err)
			}
		}
		for i := range 4 {
			h.hub.Admit(address(fmt.Sprintf("192.0.2.1%d", i)))
		}
		if want := map[string]int{"per_address": 1, "arrivals": 1, "members": 1}; !maps.Equal(m.turnedAway, want) {
			t.Errorf("turned away: %v", m.turnedAway)
		}
		for reason := range m.turnedAway {
			if !slices.Contains(hub.TurnedAwayReasons, reason) {
				t.Errorf("%s is not in TurnedAwayReasons", reason)
			}
		}
	})
}

// TestMeterPaced sends more than the allowance. The meter gets the waits.
func TestMeterPaced(t *testing.T) {
	m := newRecorder()
	withHub(t, hub.Options{Meter: m, Rate: 1, Burst: 2}, func(h *testHub) {
		alice := h.named("alice")
		for range 5 {
			alice.Say("x")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		// The first two lines are free. Each of the others waits for a second.
		if m.messages != 5 || m.paced != 3*time.Second {
			t.Errorf("%d messages, paced for %v", m.messages, m.paced)
		}
	})
}

// TestList lists members and rooms.
func TestList(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		if members, rooms := h.hub.List(); len(members) != 0 || len(rooms) != 0 {
			t.Errorf("an empty hub has %v in %v", members, rooms)
		}
		alice := h.join(hub.Caller{Nick: "alice", Addr: "192.0.2.1:1"})
		h.join(hub.Caller{Nick: "carol", Room: "ops"})
		h.join(hub.Caller{Nick: "bob"})
		alice.send("hello")
		members, rooms := h.hub.List()
		var names []string
		for _, m := range members {
			names = append(names, m.Room+" "+m.Nick)
			if m.Transport != "test" || m.Entered.IsZero() || m.Lagging || m.Written == 0 {
				t.Errorf("%+v", m)
			}
		}
		if want := []string{"lobby alice", "lobby bob", "ops carol"}; !slices.Equal(names, want) {
			t.Errorf("the members are %q", names)
		}
		if members[0].Address != "192.0.2.1:1" {
			t.Errorf("alice has the address %q", members[0].Address)
		}
		if len(rooms) != 2 || rooms[0].Name != "lobby" || rooms[0].Members != 2 || rooms[0].Last == 0 || rooms[1].Name != "ops" || rooms[1].Members != 1 {
			t.Errorf("the rooms are %+v", rooms)
		}
	})
}
