package hub_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// atRate are options with an allowance of 10 lines a second, and 40 at once.
var atRate = hub.Options{Rate: 10, Burst: 40}

// said counts the messages among what somebody heard, and checks that none is missing.
func (p *person) said(next *int) int {
	p.h.Helper()
	before := *next
	for _, line := range p.Heard() {
		if text, ok := strings.CutPrefix(line, "bob: "); ok {
			if text != fmt.Sprint(*next) {
				p.h.Errorf("heard %q, not %d", text, *next)
			}
			*next++
		}
	}
	return *next - before
}

// TestPace has somebody say 100 lines at once: all are heard, the first 40 at once and the
// others at 10 a second, and it is told once that it is slowed.
func TestPace(t *testing.T) {
	inHouse(t, atRate, func(h *house) {
		ann, bob := h.named("ann"), h.named("bob")
		next := 0
		ann.said(&next)
		var lines []string
		for i := range 100 {
			lines = append(lines, fmt.Sprint(i))
		}
		bob.Say(lines...)
		synctest.Wait()
		if n := ann.said(&next); n != 41 { // the next one is read when it may be said
			t.Errorf("%d were heard at once", n)
		}
		for second := range 5 {
			time.Sleep(time.Second)
			synctest.Wait()
			if n := ann.said(&next); n != 10 {
				t.Errorf("%d were heard in second %d", n, second)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if ann.said(&next); next != 100 {
			t.Errorf("%d were heard in all", next)
		}
		const notice = "-- you are being slowed: 10 lines a second --"
		if heard := strings.Join(bob.Heard(), "\n"); strings.Count(heard, notice) != 1 {
			t.Errorf("bob heard\n%s", heard)
		}
		bob.Say(lines[:10]...)
		synctest.Wait()
		if heard := strings.Join(bob.Heard(), "\n"); strings.Contains(heard, notice) {
			t.Errorf("told again within a spell:\n%s", heard)
		}
		time.Sleep(10 * time.Second)
		bob.Say(lines...)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if heard := strings.Join(bob.Heard(), "\n"); strings.Count(heard, notice) != 1 {
			t.Errorf("in the second spell bob heard\n%s", heard)
		}
	})
}

// TestPaceOfFavours: what bothers others has a lower allowance.
func TestPaceOfFavours(t *testing.T) {
	inHouse(t, atRate, func(h *house) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.Heard()
		for i := range 30 {
			bob.Say(fmt.Sprint("/msg ann ", i))
		}
		synctest.Wait()
		if n := len(ann.Heard()); n != 9 {
			t.Errorf("%d private messages at once", n)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := len(ann.Heard()); n != 10 {
			t.Errorf("%d private messages in 5 seconds", n)
		}
		if heard := bob.Heard(); !strings.Contains(strings.Join(heard, "\n"), "-- you are being slowed: 2 names, rooms, private messages and looks at history a second --") {
			t.Errorf("bob heard %q", heard)
		}
	})
}

// TestPaceInJSON tells it as a notice.
func TestPaceInJSON(t *testing.T) {
	inHouse(t, atRate, func(h *house) {
		bob := h.call(hub.Caller{Nick: "bob", Format: wire.JSON})
		for range 41 {
			bob.Say(`{"type":"who"}`)
		}
		synctest.Wait()
		heard := bob.Heard()
		const want = `{"type":"notice","code":"paced","message":"you are being slowed: 10 lines a second"}`
		if last := heard[len(heard)-1]; last != want {
			t.Errorf("heard %s", last)
		}
	})
}

// TestNoPace: where the rate is 0, nobody is slowed.
func TestNoPace(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		ann, bob := h.named("ann"), h.named("bob")
		next := 0
		ann.said(&next)
		for i := range 1000 {
			bob.Say(fmt.Sprint(i))
		}
		synctest.Wait()
		if ann.said(&next); next != 1000 {
			t.Errorf("%d were heard", next)
		}
	})
}

// TestPacedEnd: who is being slowed goes at once when it is ended, and what it said by
// then is heard.
func TestPacedEnd(t *testing.T) {
	inHouse(t, hub.Options{Rate: 0.001, Burst: 1}, func(h *house) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.Heard()
		bob.Say("one", "two", "three")
		synctest.Wait()
		began := time.Now()
		if err := h.hub.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("it took %v", d)
		}
		if heard := ann.Heard(); len(heard) != 3 || heard[0] != "bob: one" || heard[1] != "bob: two" {
			t.Errorf("ann heard %q", heard)
		}
		<-bob.end
		<-ann.end
	})
}

// TestIdleLines: a hundred lines that nobody hears and that get no answer cost as much as
// one line.
func TestIdleLines(t *testing.T) {
	for _, idle := range []string{"", "  \t", "/format text"} {
		inHouse(t, atRate, func(h *house) {
			ann, bob := h.named("ann"), h.named("bob")
			next := 0
			ann.said(&next)
			bob.Say(strings.Split(strings.Repeat(idle+"\n", 3000), "\n")[:3000]...)
			var lines []string
			for i := range 20 {
				lines = append(lines, fmt.Sprint(i))
			}
			bob.Say(lines...)
			synctest.Wait()
			if n := ann.said(&next); n != 11 { // 30 of 40 lines are spent
				t.Errorf("after 3000 times %q, %d lines were heard at once", idle, n)
			}
			bob.Leave()
			bob.off()
		})
	}
}

// TestLinesWithAnAnswer: lines that get an answer, be it an error, cost a line.
func TestLinesWithAnAnswer(t *testing.T) {
	json := hub.Caller{Nick: "bob", Format: wire.JSON}
	text := hub.Caller{Nick: "bob", Codecs: [2]hub.Codec{wire.Text: hubtest.Lines{Format: wire.Text}}} // as a WebSocket
	for line, who := range map[string]hub.Caller{
		"/what":        text,
		"/format text": text,
		"/format json": text,
		"/who":         text,
		"{}":           json,
	} {
		inHouse(t, atRate, func(h *house) {
			bob := h.call(who)
			for range 100 {
				bob.Say(line)
			}
			synctest.Wait()
			if n := len(bob.Heard()); n != 42 { // and the notice
				t.Errorf("%q: %d answers at once", line, n)
			}
		})
	}
}

// TestControlFrames: a control frame costs a line, does nothing else, and is not the first
// line.
func TestControlFrames(t *testing.T) {
	inHouse(t, atRate, func(h *house) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.Heard()
		for range 40 {
			bob.Fail(hub.ErrControl)
		}
		bob.hears()
		bob.Say("\uFEFFhello")
		ann.hears("bob: hello")
		bob.hears("bob: hello", "-- you are being slowed: 10 lines a second --")
		bob.Say("again")
		ann.hears()
		time.Sleep(100 * time.Millisecond)
		ann.hears("bob: again")
	})
}

// TestPaceWithoutWatcher: a member whose connection can't be watched is slowed like any other,
// and leaves at once when the server ends.
func TestPaceWithoutWatcher(t *testing.T) {
	inHouse(t, hub.Options{Rate: 1, Burst: 1}, func(h *house) {
		ann := h.named("ann")
		line := hubtest.NewLine()
		end := h.serve(hub.Caller{Nick: "bob"}, struct{ hub.Conn }{line})
		ann.hears("* bob has arrived")
		line.Say("0", "1", "2", "3", "4")
		ann.hears("bob: 0", "bob: 1")
		time.Sleep(999 * time.Millisecond)
		ann.hears()
		for _, want := range []string{"bob: 2", "bob: 3"} {
			time.Sleep(time.Millisecond)
			ann.hears(want)
			time.Sleep(999 * time.Millisecond)
			ann.hears()
		}
		began := time.Now()
		h.hub.Shutdown(context.Background())
		<-end
		if d := time.Since(began); d != 0 {
			t.Errorf("the end took %v", d)
		}
	})
}

// TestGoneWhilePaced: a member that is not being read for minutes is off the line as soon
// as its connection breaks, or ends, with nothing left to read, though nobody talks.
func TestGoneWhilePaced(t *testing.T) {
	inHouse(t, hub.Options{Rate: 0.001, Burst: 1}, func(h *house) {
		for name, c := range map[string]struct {
			act  func(p *person)
			want error
		}{
			"reset": {func(p *person) { p.Reset() }, hubtest.ErrReset},
			"end":   {func(p *person) { p.Leave() }, io.EOF},
		} {
			began := time.Now()
			bob := h.named("bob")
			bob.say("one", "two")
			c.act(bob)
			if why := bob.off(); why != c.want {
				t.Errorf("%s: bob is off for %v", name, why)
			}
			if d := time.Since(began); d != 0 {
				t.Errorf("%s: it took %v", name, d)
			}
			ann := h.named("ann")
			ann.say("/nick bob")
			ann.hears("* ann is now known as bob")
			ann.Leave()
			ann.off()
		}
	})
}
