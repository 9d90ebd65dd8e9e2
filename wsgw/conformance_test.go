package wsgw

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"partyline/hub"
)

// A rule is one row of the tables in the files beside this one: what eve sends over her
// WebSocket, and what comes of it. bob, who is in the same room, hears what she said and
// nothing else, and can talk afterwards.
type rule struct {
	name string // the section of RFC 6455, and what is tried
	send []byte
	outcome
}

// An outcome is what comes of a rule, beside the news of who comes and goes.
type outcome struct {
	said  []string // lines of eve's that both hear
	pongs []string // payloads of the pongs that eve gets
	code  int      // in the close frame that eve gets; 0 where she stays, and closes with 1000
}

const (
	// noStatus is the code of a close frame without one.
	noStatus = 1005
	// lost is the code where eve ends her side without a close frame, and gets none.
	lost = 1006
)

func says(lines ...string) outcome     { return outcome{said: lines} }
func pongs(payloads ...string) outcome { return outcome{pongs: payloads} }
func closes(code int) outcome          { return outcome{code: code} }

func (o outcome) String() string {
	return fmt.Sprintf("the end %d, pongs %.100q, lines %.100q", o.code, o.pongs, o.said)
}

// An endpoint is a hub behind a gateway behind an HTTP server, on a port of its own.
type endpoint struct {
	addr  string
	count atomic.Int64 // of rooms and names
}

// newEndpoint serves until the end of the test and of all that run parallel in it.
func newEndpoint(t *testing.T, maxLine int) *endpoint {
	h := hub.New(hub.Options{MaxLine: maxLine, Replay: -1})
	g := &Gateway{Hub: h, MaxLine: maxLine, Log: slog.New(slog.DiscardHandler)}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		h.Shutdown(context.Background())
		g.Wait()
	})
	return &endpoint{addr: server.Listener.Addr().String()}
}

// conform tries rules, each in a room of its own: in one piece; together with the opening
// handshake; byte by byte; and, where it is short, in two pieces parted at every byte.
func (e *endpoint) conform(t *testing.T, rules []rule) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			room := e.unique("room")
			bob := e.enter(t, room, "bob")
			if r.code == 0 {
				r.send, r.code = join(r.send, bye(1000, "")), 1000
			}
			eve := e.dial(t, room, "eve")
			e.try(t, r, "with the handshake", eve, bob, [][]byte{join(eve.request, r.send)})
			for _, pieces := range partings(r.send) {
				how := fmt.Sprintf("in %d pieces, the first of %d bytes", len(pieces), len(pieces[0]))
				eve := e.dial(t, room, "eve")
				eve.send(eve.request)
				e.try(t, r, how, eve, bob, pieces)
			}
		})
	}
}

// try has eve send pieces, and checks what comes of them.
func (e *endpoint) try(t *testing.T, r rule, how string, eve, bob *caller, pieces [][]byte) {
	t.Helper()
	if got := eve.try(pieces, r.code == lost); got.String() != r.outcome.String() {
		t.Errorf("%s: eve gets\n%v, want\n%v", how, got, r.outcome)
	}
	if heard := bob.hearOut(eve); !slices.Equal(heard, r.said) {
		t.Errorf("%s: bob hears\n%.500q, want\n%.500q", how, heard, r.said)
	}
	bob.talk()
}

// partings returns the ways in which bytes are parted over TCP segments.
func partings(b []byte) [][][]byte {
	ways := [][][]byte{{b}}
	if len(b) <= 1500 {
		ways = append(ways, slices.Collect(slices.Chunk(b, 1)))
	}
	if len(b) <= 16 {
		for i := 1; i < len(b); i++ {
			ways = append(ways, [][]byte{b[:i], b[i:]})
		}
	}
	return ways
}

// unique makes a name that nobody else has or had.
func (e *endpoint) unique(prefix string) string { return fmt.Sprint(prefix, e.count.Add(1)) }
