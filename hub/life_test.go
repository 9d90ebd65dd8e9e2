package hub_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// Above 100 people, comings and goings are told once a second, in either format.
func TestPresenceOfACrowdIsFolded(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.named("alice")
		bot := h.bot("bot")
		people := make([]*person, 98)
		for i := range people {
			people[i] = h.connect(hub.Caller{Nick: fmt.Sprintf("p%d", i)})
		}
		synctest.Wait()
		if n := len(alice.Heard()); n != 99 { // the 100th of the room is still told singly
			t.Errorf("alice heard of %d arrivals", n)
		}
		bot.Heard()

		extra := []*person{h.named("x"), h.named("y")}
		people[0].say("/quit")
		alice.hears()
		time.Sleep(time.Second)
		alice.hears("* 2 arrived, 1 left (101 here)")
		if e := bot.events(); len(e) != 1 || e[0].Type != "presence" || e[0].Arrived != 2 || e[0].Left != 1 || e[0].Count != 101 {
			t.Errorf("bot heard %+v", e)
		}
		alice.say("/who")
		if who := alice.Heard()[0]; strings.Count(who, ", ") != 100 {
			t.Errorf("who: %s", who)
		}

		extra[0].say("/quit") // 100 are left: told together, before what is told singly
		extra[1].say("/quit")
		alice.hears("* 0 arrived, 1 left (100 here)", "* y has left")
	})
}

// Every 25 seconds JSON clients get a sign of life; nobody pings an empty stream.
func TestPing(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.named("alice")
		bot := h.bot("bot")
		alice.Heard()
		time.Sleep(60 * time.Second)
		bot.hears(`{"type":"ping"}`, `{"type":"ping"}`)
		alice.hears()
		time.Sleep(10 * time.Second) // the next would come 5 s later
		alice.say("hello")
		alice.Heard()
		bot.Heard()
		time.Sleep(24 * time.Second)
		bot.hears()
		time.Sleep(time.Second)
		bot.hears(`{"type":"ping"}`)
		bot.say(`{"type":"format","format":"text"}`)
		time.Sleep(60 * time.Second)
		bot.hears()
	})
}

// The end of the server: everybody gets what was said, and is told.
func TestShutdownDeliversAndTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{t, hub.New(hub.Options{})}
		alice, bob := h.named("alice"), h.bot("bob")
		alice.Heard()
		bob.Freeze()
		alice.say("last words")
		ended := make(chan error, 1)
		go func() { ended <- h.hub.Shutdown(context.Background()) }()
		alice.hears("alice: last words", "-- goodbye: the server is restarting, come back in a moment (Ctrl-C ends netcat) --")
		if why := alice.off(); !errors.Is(why, hub.ErrShutdown) {
			t.Errorf("alice is off for %v", why)
		}
		select {
		case <-ended:
			t.Error("shutdown did not wait for bob")
		default:
		}
		late := hubtest.NewLine()
		if err := h.hub.Serve(context.Background(), hub.Caller{Codecs: hubtest.Codecs()}, late); !errors.Is(err, hub.ErrShutdown) {
			t.Errorf("a newcomer got %v", err)
		}
		bob.Thaw()
		heard := bob.Heard()
		synctest.Wait()
		heard = append(heard, bob.Heard()...)
		if len(heard) != 2 || !strings.Contains(heard[0], "last words") ||
			!strings.HasPrefix(heard[1], `{"type":"bye","reason":"shutdown","reconnect":true,"after_ms":`) {
			t.Errorf("bob heard %q", heard)
		}
		if err := <-ended; err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
}

func TestShutdownCutsOffWhoIsFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{t, hub.New(hub.Options{})}
		alice, bob := h.named("alice"), h.named("bob")
		bob.Freeze()
		alice.say("hello")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		begun := time.Now()
		if err := h.hub.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown: %v", err)
		}
		if took := time.Since(begun); took != 5*time.Second {
			t.Errorf("shutdown took %v", took)
		}
		bob.off()
	})
}

func TestTheEndOfItsContextEndsAMember(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		ctx, cancel := context.WithCancel(context.Background())
		l := hubtest.NewLine()
		end := make(chan error, 1)
		go func() { end <- h.hub.Serve(ctx, hub.Caller{Codecs: hubtest.Codecs()}, l) }()
		synctest.Wait()
		cancel()
		if why := <-end; !errors.Is(why, hub.ErrShutdown) {
			t.Errorf("off for %v", why)
		}
	})
}

// A panic in one member's session ends that member, is logged once, and nobody else
// notices.
func TestAPanicEndsOneMember(t *testing.T) {
	for _, where := range []string{"ReadLine", "Write", "Close"} {
		t.Run(where, func(t *testing.T) {
			var log logged
			inHouse(t, hub.Options{Log: slog.New(&log)}, func(h *house) {
				alice := h.named("alice")
				bad := &panicking{Line: hubtest.NewLine()}
				end := make(chan error, 1)
				go func() {
					end <- h.hub.Serve(context.Background(), hub.Caller{Nick: "bad", Codecs: hubtest.Codecs()}, bad)
				}()
				synctest.Wait()
				bad.arm(where)
				if where != "Write" {
					bad.Leave()
				}
				alice.say("hello")
				why := <-end
				if where != "Close" && !errors.Is(why, hub.ErrFault) {
					t.Errorf("off for %v", why)
				}
				alice.say("still here")
				synctest.Wait()
				heard := strings.Join(alice.Heard(), "|")
				for _, want := range []string{"* bad has arrived", "alice: hello", "* bad has left", "alice: still here"} {
					if strings.Count(heard, want) != 1 {
						t.Errorf("alice heard %s", heard)
					}
				}
				if log.panics != 1 {
					t.Errorf("%d panics in the log", log.panics)
				}
			})
		})
	}
}

// badHistory is a Journal with a fault that shows when it is read.
type badHistory struct{ *history.Memory }

func (badHistory) Read(string, history.Range) (history.Page, error) { panic("Read") }

// TestAPanicOnArrival: a panic while a member arrives ends that member alone.
func TestAPanicOnArrival(t *testing.T) {
	var log logged
	journal := badHistory{history.NewMemory(history.Retention{Messages: 10})}
	inHouse(t, hub.Options{Log: slog.New(&log), Journal: journal}, func(h *house) {
		alice := h.call(hub.Caller{Nick: "alice", Format: wire.JSON}) // which gets no history
		bad := h.connect(hub.Caller{Nick: "bad"})
		if why := bad.off(); !errors.Is(why, hub.ErrFault) {
			t.Errorf("off for %v", why)
		}
		bad.hears(
			"* You are bad in #lobby, with alice (2 here). /help lists the commands.",
			"-- goodbye: the server made a mistake (Ctrl-C ends netcat) --",
		)
		var types []string
		alice.say(`{"type":"say","text":"still here"}`)
		for _, e := range alice.events() {
			types = append(types, e.Type)
		}
		if got := strings.Join(types, " "); got != "join leave message" {
			t.Errorf("alice hears %s", got)
		}
		if log.panics != 1 {
			t.Errorf("%d panics in the log", log.panics)
		}
	})
}

type panicking struct {
	*hubtest.Line
	armed string
}

func (p *panicking) arm(where string) { p.armed = where }

func (p *panicking) ReadLine() ([]byte, error) {
	line, err := p.Line.ReadLine()
	if p.armed == "ReadLine" && err == io.EOF {
		panic("ReadLine")
	}
	return line, err
}

func (p *panicking) TryWrite(frames []byte) (int, error) {
	if p.armed == "Write" {
		panic("Write")
	}
	return p.Line.TryWrite(frames)
}

func (p *panicking) Close(why error) error {
	err := p.Line.Close(why)
	if p.armed == "Close" {
		panic("Close")
	}
	return err
}

// logged counts panics in a log.
type logged struct{ panics int }

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logged) WithGroup(string) slog.Handler            { return l }

func (l *logged) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelError {
		l.panics++
	}
	return nil
}
