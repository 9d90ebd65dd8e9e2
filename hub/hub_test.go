package hub_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// A house is a Hub whose members are Lines. It lives in a synctest bubble: after each
// step, everything that follows from it has happened.
type house struct {
	*testing.T
	hub *hub.Hub
}

// inHouse runs a test in a bubble with a Hub that is shut down behind it.
func inHouse(t *testing.T, o hub.Options, test func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{t, hub.New(o)}
		test(h)
		if err := h.hub.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
}

// person is a member and what it hears.
type person struct {
	*hubtest.Line
	h   *house
	end chan error
}

// call puts somebody on the line and drops what it is told on arrival.
func (h *house) call(who hub.Caller) *person {
	h.Helper()
	p := h.connect(who)
	synctest.Wait()
	p.Heard()
	return p
}

func (h *house) connect(who hub.Caller) *person {
	if who.Via == "" {
		who.Via = "test"
	}
	p := &person{Line: hubtest.NewLine(), h: h}
	p.end = h.serve(who, p.Line)
	return p
}

// serve puts a Conn on the line. The channel gets why it is off.
func (h *house) serve(who hub.Caller, c hub.Conn) (end chan error) {
	if who.Codecs == [2]hub.Codec{} {
		who.Codecs = hubtest.Codecs()
	}
	end = make(chan error, 1)
	go func() { end <- h.hub.Serve(context.Background(), who, c) }()
	return end
}

func (h *house) named(nick string) *person {
	h.Helper()
	return h.call(hub.Caller{Nick: nick})
}

// say says lines and waits until everything that they cause has happened.
func (p *person) say(lines ...string) {
	for _, line := range lines {
		p.Say(line)
	}
	synctest.Wait()
}

// hears checks what somebody was told since it was asked last.
func (p *person) hears(want ...string) {
	p.h.Helper()
	synctest.Wait()
	if got := p.Heard(); !slices.Equal(got, want) {
		p.h.Errorf("heard\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// off waits until somebody is off the line and returns why.
func (p *person) off() error { return <-p.end }

func TestEverybodyHearsEverything(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.connect(hub.Caller{Nick: "alice"})
		alice.hears("* You are alice in #lobby, alone (1 here). /help lists the commands.")
		bob := h.connect(hub.Caller{Nick: "bob"})
		bob.hears("* You are bob in #lobby, with alice (2 here). /help lists the commands.")
		alice.hears("* bob has arrived")

		alice.say("hello")
		alice.hears("alice: hello")
		bob.hears("alice: hello")

		bob.say("/me waves", "/quit bye")
		bob.hears("~ bob waves", "-- goodbye: you left (Ctrl-C ends netcat) --")
		alice.hears("~ bob waves", "* bob has left (bye)")
		if why := bob.off(); !errors.Is(why, hub.ErrQuit) {
			h.Errorf("bob is off for %v", why)
		}
	})
}

func TestEndOfInputDeliversWhatWasSaid(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.named("alice")
		bob := h.named("bob")
		bob.Say("bye")
		bob.Leave()
		bob.hears("bob: bye")
		alice.hears("* bob has arrived", "bob: bye", "* bob has left")
		if why := bob.off(); why != io.EOF {
			h.Errorf("bob is off for %v", why)
		}
		if why := bob.Closed(); why != io.EOF {
			h.Errorf("bob was closed for %v", why)
		}
	})
}

func TestABrokenConnectionIsAnnouncedOnce(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.named("alice")
		bob := h.named("bob")
		alice.Heard()
		broken := errors.New("connection reset by peer")
		bob.Fail(broken)
		alice.hears("* bob has left")
		if why := bob.off(); why != broken {
			h.Errorf("bob is off for %v", why)
		}
	})
}

func TestABadLineIsToldToItsSenderAlone(t *testing.T) {
	inHouse(t, hub.Options{MaxLine: 16}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Heard()
		alice.Fail(hub.ErrTooLong)
		alice.Fail(&wire.Refusal{Code: wire.CodeNotUTF8, Message: "not UTF-8: the line is dropped"})
		alice.say("/nick you", "12345678901234567", "1234567890123456")
		alice.hears(
			"! line too long: at most 16 bytes",
			"! not UTF-8: the line is dropped",
			"! not a name: you is reserved",
			"! line too long: at most 16 bytes",
			"alice: 1234567890123456",
		)
		bob.hears("alice: 1234567890123456")
	})
}

func TestNamesAreTakenOnce(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.named("alice")
		guest := h.connect(hub.Caller{Nick: "ALICE", Room: "ops"})
		synctest.Wait()
		heard := guest.Heard()
		if len(heard) != 2 || !strings.HasPrefix(heard[0], "* You are guest-") || heard[1] != "! ALICE is taken" {
			h.Errorf("second alice heard %q", heard)
		}
		guest.say("/nick Alice")
		guest.hears("! Alice is taken")
		alice.say("/nick Alice", "/nick ally")
		alice.hears("* alice is now known as Alice", "* Alice is now known as ally")
		guest.say("/nick alice")
		guest.hears("* " + strings.Fields(heard[0])[3] + " is now known as alice")
	})
}

func TestRoomsAreApart(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Heard()
		bob.say("/join #Ops")
		bob.hears("* You are bob in #ops, alone (1 here). /help lists the commands.")
		alice.hears("* bob has left")
		bob.say("hidden", "/msg ALICE psst", "/rooms", "/who")
		bob.hears("bob: hidden", "you -> alice: psst", "= lobby (1), ops (1)", "= bob")
		alice.hears("bob -> you: psst")
		bob.say("/join lobby")
		bob.hears("* You are bob in #lobby, with alice (2 here). /help lists the commands.")
		alice.hears("* bob has arrived")
		bob.say("/msg carol x")
		bob.hears("! nobody here is called carol")
	})
}

func TestWelcomeNamesTheCompany(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		want := map[int]string{
			1:  "alone (1 here)",
			2:  "with p01 (2 here)",
			3:  "with p01 and p02 (3 here)",
			4:  "with p01, p02 and p03 (4 here)",
			21: "with p01, p02 and 18 others (21 here)",
		}
		for i := 1; i <= 21; i++ {
			p := h.connect(hub.Caller{Nick: fmt.Sprintf("p%02d", i)})
			synctest.Wait()
			if w := want[i]; w != "" {
				p.hears(fmt.Sprintf("* You are p%02d in #lobby, %s. /help lists the commands.", i, w))
			}
		}
	})
}

func TestFormatsChangeWithoutLoss(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Heard()
		bob.say("/format json")
		heard := bob.Heard()
		if len(heard) != 1 || !strings.HasPrefix(heard[0], `{"type":"welcome","room":"lobby","nick":"bob",`) {
			h.Fatalf("bob heard %q", heard)
		}
		bob.say(`{"type":"me","text":"waves"}`, `{"type":"format","format":"text"}`, "back")
		alice.hears("~ bob waves", "bob: back")
		heard = bob.Heard()
		if len(heard) != 2 || !strings.HasPrefix(heard[0], `{"type":"action",`) || heard[1] != "bob: back" {
			h.Errorf("bob heard %q", heard)
		}
	})
}
