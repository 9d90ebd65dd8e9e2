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

// A rule is one row of the tables in the conformance tests: what the client eve sends, and the
// outcome. The client bob in the same room receives only what she says, and can talk afterwards.
type rule struct {
	name string // the section of RFC 6455 and the case
	send []byte
	outcome
}

// An outcome is the result of a rule, without joins and leaves.
type outcome struct {
	said  []string // lines that eve says
	pongs []string // payloads of the pongs that eve receives
	code  int      // in the close frame that eve receives; 0 if she stays, and then closes with 1000
}

const (
	// noStatus stands for a close frame without a code.
	noStatus = 1005
	// lost means that eve ends her side without a close frame and receives none.
	lost = 1006
)

func says(lines ...string) outcome     { return outcome{said: lines} }
func pongs(payloads ...string) outcome { return outcome{pongs: payloads} }
func closes(code int) outcome          { return outcome{code: code} }

func (o outcome) String() string {
	return fmt.Sprintf("code %d, pongs %.100q, lines %.100q", o.code, o.pongs, o.said)
}

// A testServer is an HTTP server with a gateway and a hub, on a port of its own.
type testServer struct {
	addr  string
	count atomic.Int64 // of unique names
}

// newTestServer starts a server that runs until the end of the test and its subtests.
func newTestServer(t *testing.T, maxLine int) *testServer {
	h := hub.New(hub.Options{MaxLine: maxLine, Replay: -1})
	g := &Gateway{Hub: h, MaxLine: maxLine, Log: slog.New(slog.DiscardHandler)}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		h.Shutdown(context.Background())
		g.Wait()
	})
	return &testServer{addr: server.Listener.Addr().String()}
}

// conform tests rules, each in a room of its own. It sends the bytes together with the opening
// handshake, in one piece, byte by byte, and, if there are few, split at every byte.
func (e *testServer) conform(t *testing.T, rules []rule) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			room := e.unique("room")
			bob := e.enter(t, room, "bob")
			if r.code == 0 {
				r.send, r.code = join(r.send, clientClose(1000, "")), 1000
			}
			eve := e.dial(t, room, "eve")
			e.try(t, r, "with the handshake", eve, bob, [][]byte{join(eve.request, r.send)})
			for _, pieces := range splits(r.send) {
				how := fmt.Sprintf("in %d pieces, the first of %d bytes", len(pieces), len(pieces[0]))
				eve := e.dial(t, room, "eve")
				eve.send(eve.request)
				e.try(t, r, how, eve, bob, pieces)
			}
		})
	}
}

// try has eve send pieces, and checks the outcome.
func (e *testServer) try(t *testing.T, r rule, how string, eve, bob *rawClient, pieces [][]byte) {
	t.Helper()
	if got := eve.try(pieces, r.code == lost); got.String() != r.outcome.String() {
		t.Errorf("%s: eve receives\n%v, want\n%v", how, got, r.outcome)
	}
	if said := bob.readUntilLeft(eve); !slices.Equal(said, r.said) {
		t.Errorf("%s: bob receives\n%.500q, want\n%.500q", how, said, r.said)
	}
	bob.checkTalks()
}

// splits returns the ways in which b is split into TCP segments.
func splits(b []byte) [][][]byte {
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

// unique returns a name that it has not returned before.
func (e *testServer) unique(prefix string) string { return fmt.Sprint(prefix, e.count.Add(1)) }
