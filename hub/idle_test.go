package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
)

// idle returns the idle times of the members of the lobby, as c gets them with who.
func (c *client) idle() map[string]int64 {
	c.h.Helper()
	c.Received()
	c.send(`{"type":"who","ref":"idle"}`)
	idle := make(map[string]int64)
	for _, e := range c.events() {
		if e.Ref == "idle" {
			for _, m := range e.Members {
				idle[m.Nick] = m.Idle
			}
		}
	}
	return idle
}

// TestIdle checks what ends the idle time of a member, with a rate limit and without one.
func TestIdle(t *testing.T) {
	for _, o := range []hub.Options{{}, {Rate: 10, Burst: 40}} {
		for _, c := range []struct {
			what string
			act  func(p *client)
			want int64
		}{
			{"nothing", func(*client) {}, 301},
			{"a message", func(p *client) { p.Say("hello") }, 1},
			{"a command", func(p *client) { p.Say("/who") }, 1},
			{"a command without an effect", func(p *client) { p.Say("/format text") }, 1},
			{"a line that is refused", func(p *client) { p.Say("/what") }, 1},
			{"a line that is too long", func(p *client) { p.Fail(hub.ErrTooLong) }, 1},
			{"another room and back", func(p *client) { p.Say("/join ops", "/join lobby") }, 1},
			{"a blank line", func(p *client) { p.Say("", " \t") }, 301},
			{"a control frame", func(p *client) { p.Fail(hub.ErrControl) }, 301},
		} {
			withHub(t, o, func(h *testHub) {
				time.Sleep(time.Hour) // the idle time begins with the member, not with the hub
				bob, watcher := h.named("bob"), h.bot("watcher")
				if idle := watcher.idle(); len(idle) != 2 || idle["bob"] != 0 {
					h.Errorf("%s, %v: at first, the idle times are %v", c.what, o.Rate, idle)
				}
				time.Sleep(300*time.Second + 500*time.Millisecond)
				c.act(bob)
				synctest.Wait()
				time.Sleep(1499 * time.Millisecond)
				if idle := watcher.idle(); idle["bob"] != c.want || idle["watcher"] != 0 {
					h.Errorf("%s, %v: the idle times are %v, want %d", c.what, o.Rate, idle, c.want)
				}
			})
		}
	}
}

// A welcome and the operator's list have the idle times too. The answer to /who in text has none.
func TestIdleInWelcome(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		time.Sleep(90 * time.Second)
		_, welcome := h.welcomed(hub.Caller{Nick: "bob"})
		if m := welcome.Members; len(m) != 2 || m[0].Nick != "alice" || m[0].Idle != 90 || m[1].Idle != 0 {
			h.Errorf("the welcome has %+v", m)
		}
		if members, _ := h.hub.List(); len(members) != 2 || members[0].Idle != 90 || members[1].Idle != 0 {
			h.Errorf("the list is %+v", members)
		}
		alice.expect("* bob has arrived")
		time.Sleep(time.Minute)
		alice.send("/who")
		alice.expect("= alice, bob")
	})
}

// A member is not idle while a line of it waits for the journal. If another connection resumes it
// then, it is idle from the resume on.
func TestIdleWhileLineWaits(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		idle := func(want int64) {
			h.Helper()
			synctest.Wait()
			if members, _ := h.hub.List(); len(members) != 1 || members[0].Nick != "bob" || members[0].Idle != want {
				h.Errorf("the list is %+v, want an idle time of %d", members, want)
			}
		}
		bob, welcome := h.welcomed(hub.Caller{Nick: "bob"})
		time.Sleep(time.Minute)
		idle(60)
		bob.send(`{"type":"say","text":"hello"}`, `{"type":"who"}`)
		time.Sleep(time.Minute)
		idle(0)
		again, _ := h.welcomed(hub.Caller{Room: "ops"})
		again.send(fmt.Sprintf(`{"type":"resume","token":%q}`, welcome.Token))
		j.commitAll()
		bob.wait()
		time.Sleep(time.Minute)
		idle(60)
	})
}

// A resume keeps the idle time, whether or not the connection before has ended. A later line ends it.
func TestResumeKeepsIdleTime(t *testing.T) {
	for _, share := range []bool{false, true} {
		for _, ended := range []bool{false, true} {
			withHub(t, hub.Options{Rate: 10, Burst: 40}, func(h *testHub) {
				watcher := h.bot("watcher")
				bob, welcome := h.welcomed(hub.Caller{Nick: "bob"})
				time.Sleep(30 * time.Second)
				bob.send(`{"type":"say","text":"hello"}`)
				time.Sleep(60 * time.Second)
				if ended {
					bob.Leave()
					bob.wait()
					time.Sleep(10 * time.Second)
				}
				again, resumed, _ := h.resume(`"token":%q,"share":%t`, welcome.Token, share)
				want := int64(60)
				if ended {
					want = 70
				}
				var own int64
				for _, m := range resumed.Members {
					if m.Nick == "bob" {
						own = m.Idle
					}
				}
				if idle := watcher.idle(); own != want || idle["bob"] != want {
					h.Errorf("share=%t, ended=%t: bob is idle for %d and %v, want %d", share, ended, own, idle, want)
				}
				again.send(`{"type":"say","text":"back"}`)
				if idle := watcher.idle(); idle["bob"] != 0 {
					h.Errorf("after a line, the idle times are %v", idle)
				}
			})
		}
	}
}
