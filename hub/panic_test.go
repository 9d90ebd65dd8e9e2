package hub_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// A panic in the session of a member ends that member and is logged once. The other members are
// not affected.
func TestPanicEndsOneMember(t *testing.T) {
	for _, method := range []string{"ReadLine", "Write", "Close"} {
		t.Run(method, func(t *testing.T) {
			var log panicCounter
			withHub(t, hub.Options{Log: slog.New(&log)}, func(h *testHub) {
				alice := h.named("alice")
				bad := &panickingConn{Conn: hubtest.NewConn()}
				end := make(chan error, 1)
				go func() {
					end <- h.hub.Serve(context.Background(), &hub.Caller{Nick: "bad", Codecs: hubtest.Codecs()}, bad)
				}()
				synctest.Wait()
				bad.arm(method)
				if method != "Write" {
					bad.Leave()
				}
				alice.send("hello")
				why := <-end
				if method != "Close" && !errors.Is(why, hub.ErrFault) {
					t.Errorf("it ended with %v", why)
				}
				alice.send("still here")
				synctest.Wait()
				received := strings.Join(alice.Received(), "|")
				for _, want := range []string{"* bad has arrived", "alice: hello", "* bad has left", "alice: still here"} {
					if strings.Count(received, want) != 1 {
						t.Errorf("alice received %s", received)
					}
				}
				if log.panics != 1 {
					t.Errorf("%d panics in the log", log.panics)
				}
			})
		})
	}
}

// A panickingJournal is a Journal that panics in Read.
type panickingJournal struct{ *history.Memory }

func (panickingJournal) Read(string, history.Range) (history.Page, error) { panic("Read") }

// A panic while a member arrives ends that member only.
func TestPanicOnArrival(t *testing.T) {
	var log panicCounter
	journal := panickingJournal{history.NewMemory(history.Retention{Messages: 10})}
	withHub(t, hub.Options{Log: slog.New(&log), Journal: journal}, func(h *testHub) {
		alice := h.join(hub.Caller{Nick: "alice", Format: wire.JSON}) // JSON clients get no replay, so Read is not called
		bad := h.connect(hub.Caller{Nick: "bad"})
		if why := bad.wait(); !errors.Is(why, hub.ErrFault) {
			t.Errorf("it ended with %v", why)
		}
		bad.expect(
			"* You are bad in #lobby, with alice (2 here). /help lists the commands.",
			"-- goodbye: the server made a mistake --",
		)
		var types []string
		alice.send(`{"type":"say","text":"still here"}`)
		for _, e := range alice.events() {
			types = append(types, e.Type)
		}
		if got := strings.Join(types, " "); got != "join leave message" {
			t.Errorf("alice received %s", got)
		}
		if log.panics != 1 {
			t.Errorf("%d panics in the log", log.panics)
		}
	})
}

// A panickingConn is a Conn that panics in the method with the name that arm sets.
type panickingConn struct {
	*hubtest.Conn
	armed string
}

func (p *panickingConn) arm(method string) { p.armed = method }

func (p *panickingConn) ReadLine() ([]byte, error) {
	line, err := p.Conn.ReadLine()
	if p.armed == "ReadLine" && err == io.EOF {
		panic("ReadLine")
	}
	return line, err
}

func (p *panickingConn) TryWrite(frames []byte) (int, error) {
	if p.armed == "Write" {
		panic("Write")
	}
	return p.Conn.TryWrite(frames)
}

func (p *panickingConn) Close(why error) error {
	err := p.Conn.Close(why)
	if p.armed == "Close" {
		panic("Close")
	}
	return err
}

// A panicCounter is a slog.Handler that counts errors: the hub logs each panic as one.
type panicCounter struct{ panics int }

func (l *panicCounter) Enabled(context.Context, slog.Level) bool { return true }

func (l *panicCounter) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l *panicCounter) WithGroup(string) slog.Handler { return l }

func (l *panicCounter) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelError {
		l.panics++
	}
	return nil
}
