package hub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// A testHub is a Hub in a synctest bubble. Its members are hubtest.Codec. Each step returns
// when everything that follows from it has happened.
type testHub struct {
	*testing.T
	hub *hub.Hub
}

// withHub runs a test in a bubble with a Hub, which it shuts down afterwards.
func withHub(t *testing.T, o hub.Options, test func(h *testHub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &testHub{t, hub.New(o)}
		test(h)
		if err := h.hub.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
}

// A client is a member and its end of the connection.
type client struct {
	*hubtest.Conn
	h   *testHub
	end chan error
}

// join connects a client and discards its welcome.
func (h *testHub) join(caller hub.Caller) *client {
	h.Helper()
	p := h.connect(caller)
	synctest.Wait()
	p.Received()
	return p
}

// connect connects a client.
func (h *testHub) connect(caller hub.Caller) *client {
	if caller.Via == "" {
		caller.Via = "test"
	}
	p := &client{Conn: hubtest.NewConn(), h: h}
	p.end = h.serve(caller, p.Conn)
	return p
}

// serve calls Serve for c in a goroutine. The channel gets its error.
func (h *testHub) serve(caller hub.Caller, c hub.Conn) (end chan error) {
	if caller.Codecs == [2]hub.Codec{} {
		caller.Codecs = hubtest.Codecs()
	}
	end = make(chan error, 1)
	go func() { end <- h.hub.Serve(context.Background(), &caller, c) }()
	return end
}

// named connects a text client with a nick, and discards its welcome.
func (h *testHub) named(nick string) *client {
	h.Helper()
	return h.join(hub.Caller{Nick: nick})
}

// send sends lines one by one, and waits until everything that they cause has happened.
func (c *client) send(lines ...string) {
	for _, line := range lines {
		c.Say(line)
	}
	synctest.Wait()
}

// expect checks what the client has received since the last call.
func (c *client) expect(want ...string) {
	c.h.Helper()
	synctest.Wait()
	if got := c.Received(); !slices.Equal(got, want) {
		c.h.Errorf("received\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// wait waits until Serve returns, and returns its error.
func (c *client) wait() error { return <-c.end }

func TestAllMembersReceiveEveryMessage(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.connect(hub.Caller{Nick: "alice"})
		alice.expect("* You are alice in #lobby, alone (1 here). /help lists the commands.")
		bob := h.connect(hub.Caller{Nick: "bob"})
		bob.expect("* You are bob in #lobby, with alice (2 here). /help lists the commands.")
		alice.expect("* bob has arrived")

		alice.send("hello")
		alice.expect("alice: hello")
		bob.expect("alice: hello")

		bob.send("/me waves", "/quit bye")
		bob.expect("~ bob waves", "-- goodbye: you left --")
		alice.expect("~ bob waves", "* bob has left (bye)")
		if why := bob.wait(); !errors.Is(why, hub.ErrQuit) {
			h.Errorf("bob ended with %v", why)
		}
	})
}

func TestEndOfInputDeliversMessages(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		bob := h.named("bob")
		bob.Say("bye")
		bob.Leave()
		bob.expect("bob: bye")
		alice.expect("* bob has arrived", "bob: bye", "* bob has left")
		if why := bob.wait(); why != io.EOF {
			h.Errorf("bob ended with %v", why)
		}
		if why := bob.Closed(); why != io.EOF {
			h.Errorf("bob was closed with %v", why)
		}
	})
}

func TestBrokenConnectionIsAnnouncedOnce(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		bob := h.named("bob")
		alice.Received()
		broken := errors.New("connection reset by peer")
		bob.Fail(broken)
		alice.expect("* bob has left")
		if why := bob.wait(); why != broken {
			h.Errorf("bob ended with %v", why)
		}
	})
}

func TestErrorReachesOnlyTheSender(t *testing.T) {
	withHub(t, hub.Options{MaxLine: 16}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Received()
		alice.Fail(hub.ErrTooLong)
		alice.Fail(&wire.Refusal{Code: wire.CodeNotUTF8, Message: "not UTF-8: the line is dropped"})
		alice.send("/nick you", "12345678901234567", "1234567890123456")
		alice.expect(
			"! line too long: at most 16 bytes",
			"! not UTF-8: the line is dropped",
			"! not a name: you is reserved",
			"! line too long: at most 16 bytes",
			"alice: 1234567890123456",
		)
		bob.expect("alice: 1234567890123456")
	})
}

func TestNamesAreUnique(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		guest := h.connect(hub.Caller{Nick: "ALICE", Room: "ops"})
		synctest.Wait()
		received := guest.Received()
		if len(received) != 2 || !strings.HasPrefix(received[0], "* You are guest-") || received[1] != "! ALICE is taken" {
			h.Errorf("the second alice received %q", received)
		}
		guest.send("/nick Alice")
		guest.expect("! Alice is taken")
		alice.send("/nick Alice", "/nick ally")
		alice.expect("* alice is now known as Alice", "* Alice is now known as ally")
		guest.send("/nick alice")
		guest.expect("* " + strings.Fields(received[0])[3] + " is now known as alice")
	})
}

func TestRoomsAreSeparate(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Received()
		bob.send("/join #Ops")
		bob.expect("* You are bob in #ops, alone (1 here). /help lists the commands.")
		alice.expect("* bob has left")
		bob.send("hidden", "/msg ALICE psst", "/rooms", "/who")
		bob.expect("bob: hidden", "you -> alice: psst", "= lobby (1), ops (1)", "= bob")
		alice.expect("bob -> you: psst")
		bob.send("/join lobby")
		bob.expect("* You are bob in #lobby, with alice (2 here). /help lists the commands.")
		alice.expect("* bob has arrived")
		bob.send("/msg carol x")
		bob.expect("! nobody here is called carol")
	})
}

func TestWelcomeListsMembers(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
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
				p.expect(fmt.Sprintf("* You are p%02d in #lobby, %s. /help lists the commands.", i, w))
			}
		}
	})
}

// A welcome lists the member that gets it, even if no other member sees it yet, and even if the
// room has more members than a welcome lists.
func TestWelcomeListsItsMember(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		check := func(caller hub.Caller, listed, count int) *client {
			h.Helper()
			caller.Format = wire.JSON
			p := h.connect(caller)
			welcome := p.events()[0]
			own := func(m event) bool { return m.Nick == welcome.Nick }
			if n := len(welcome.Members); n != listed || welcome.Count != count || !slices.ContainsFunc(welcome.Members, own) {
				h.Errorf("%s is welcomed to %d members, with a list of %d: %+v", welcome.Nick, welcome.Count, n, welcome.Members)
			}
			return p
		}
		check(hub.Caller{Nick: "alice"}, 1, 1)
		silent := check(hub.Caller{}, 2, 2)
		silent.send(`{"type":"quit"}`)
		for i := range 198 {
			h.connect(hub.Caller{Nick: fmt.Sprint("p", i)})
		}
		synctest.Wait()
		check(hub.Caller{Nick: "bob"}, 200, 200)
		check(hub.Caller{Nick: "carol"}, 200, 201)
		check(hub.Caller{}, 200, 202)
	})
}

// The log has the reason for which a member left.
func TestReasonsInLog(t *testing.T) {
	var log bytes.Buffer
	withHub(t, hub.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, func(h *testHub) {
		for _, c := range []struct {
			leave func(p *client)
			want  string
		}{
			{func(p *client) { p.Leave() }, "reason=left"},
			{func(p *client) { p.Fail(errors.New("broken")) }, "reason=broken"},
		} {
			alice := h.named("alice")
			log.Reset()
			c.leave(alice)
			alice.wait()
			if line := log.String(); !strings.Contains(line, "nick=alice") || !strings.Contains(line, c.want) {
				t.Errorf("the log has %q, want %s", line, c.want)
			}
		}
	})
}
