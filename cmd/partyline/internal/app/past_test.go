package app

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/client"
	"partyline/cmd/partyline/internal/screen"
	"partyline/cmd/partyline/internal/state"
	"partyline/hub"
	"partyline/hub/history"
	"partyline/tcpgw"
)

// startHub starts a server that has room for two rooms, and returns its address.
func startHub(t *testing.T) string {
	t.Helper()
	o := hub.Options{Journal: history.NewMemory(history.Retention{Messages: 10})}
	o.Limits.Rooms = 2
	h := hub.New(o)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gateway := &tcpgw.Gateway{Hub: h, MaxLine: hub.DefaultMaxLine, Log: slog.New(slog.DiscardHandler)}
	var serving sync.WaitGroup
	serving.Go(func() { gateway.Serve(ln) })
	t.Cleanup(func() {
		ln.Close()
		h.Shutdown(context.Background())
		serving.Wait()
	})
	return ln.Addr().String()
}

// A pastCase is what is known of a server, and how a start ends there.
type pastCase struct {
	nick, room string // remembered
	rooms      []string
	options    client.Options
	enters     string // name and room; "" for an error
	intro      string
}

// TestPast starts at a server where the user was before. What the user chooses now comes first, and what the server
// refuses of the rest does not keep the user out.
func TestPast(t *testing.T) {
	address := startHub(t)
	keep, err := client.Dial(t.Context(), address, client.Options{Nick: "bob", Room: "ops"})
	if err != nil {
		t.Fatal(err)
	}
	defer keep.Close()
	for name, c := range map[string]pastCase{
		"all":               {"alice", "ops", []string{"lobby", "ops"}, client.Options{}, "alice in ops", ""},
		"nothing":           {"", "", nil, client.Options{Nick: "alice"}, "alice in lobby", ""},
		"another room":      {"alice", "ops", []string{"lobby", "ops"}, client.Options{Room: "lobby"}, "alice in lobby", ""},
		"a taken name":      {"bob", "lobby", []string{"lobby"}, client.Options{}, "guest- in lobby", "the name bob is taken"},
		"a given name":      {"alice", "lobby", []string{"lobby"}, client.Options{Nick: "bob"}, "", ""},
		"a bad room":        {"alice", "no room", []string{"no room", "ops"}, client.Options{}, "alice in ops", ""},
		"a given bad room":  {"alice", "ops", []string{"ops"}, client.Options{Room: "no room"}, "", ""},
		"a limit":           {"alice", "a", []string{"a", "b"}, client.Options{}, "alice in lobby", ""},
		"a name and a room": {"bob", "a", []string{"a", "b"}, client.Options{}, "guest- in lobby", "the name bob is taken"},
		"an older file":     {"alice", "ops", nil, client.Options{}, "alice in ops", ""},
		"an older bad file": {"alice", "no room", nil, client.Options{}, "alice in lobby", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.check(t, address)
		})
	}
}

// check starts at a server, and checks where the user is.
func (c *pastCase) check(t *testing.T, address string) {
	talk := &talk{options: c.options, dir: state.At(t.TempDir())}
	if err := talk.dir.Update(func(s *state.State) {
		server := s.Use("tcp://"+address, time.Now())
		server.Nick = c.nick
		server.Open(c.rooms, c.room)
		server.Advance("alice", "lobby", 7)
		server.Advance("alice", "ops", 0)
	}); err != nil {
		t.Fatal(err)
	}
	p := talk.recall(address)
	entered, err := talk.enter(t.Context(), address, &p)
	if c.enters == "" {
		if err == nil {
			t.Errorf("it is %s in %s", entered.Nick(), entered.Room())
			entered.Close()
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer entered.Close()
	nick, room, _ := strings.Cut(c.enters, " in ")
	if got := entered.Nick(); !strings.HasPrefix(got, nick) || entered.Room() != room {
		t.Errorf("it is %s in %s, want %s", got, entered.Room(), c.enters)
	}
	if intro := strings.Join(talk.intro, "\n"); !strings.HasPrefix(intro, c.intro) || c.intro == "" && intro != "" {
		t.Errorf("it says %q", intro)
	}
	c.checkPlaces(t, p.places("alice"))
}

// checkPlaces checks which rooms the program opens, and from where.
func (c *pastCase) checkPlaces(t *testing.T, places []screen.Place) {
	rooms := c.rooms
	if len(rooms) == 0 && c.room != "" {
		rooms = []string{c.room}
	}
	for i, room := range rooms {
		want := screen.Place{Room: room, Since: map[string]int64{"lobby": 7, "ops": client.All}[room]}
		if places[i] != want {
			t.Errorf("it opens %+v, want %+v", places[i], want)
		}
	}
	if len(places) != len(rooms) {
		t.Errorf("it opens %+v, want %q", places, rooms)
	}
}

// TestTakenSinceThen resumes a session whose name another member has taken: the user is told. When the name is free the
// session has it again.
func TestTakenSinceThen(t *testing.T) {
	address := startHub(t)
	dial := func() *client.Client {
		c, err := client.Dial(t.Context(), address, client.Options{Nick: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := dial()
	before.Close()
	other := dial()
	enter := func(isAlice bool, intro string) {
		t.Helper()
		talk := &talk{options: client.Options{Nick: "alice", Token: before.Token()}}
		c, err := talk.enter(t.Context(), address, new(past))
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if got := strings.Join(talk.intro, "\n"); got != intro || (c.Nick() == "alice") != isAlice {
			t.Errorf("%s is told %q", c.Nick(), got)
		}
	}
	enter(false, "the name alice is taken now: /nick takes another one")
	enter(false, "the name alice is taken now: /nick takes another one")
	other.Close()
	enter(true, "")
	enter(true, "")
}

// TestPastIsClean checks that nothing of a file can control the terminal.
func TestPastIsClean(t *testing.T) {
	p := past{server: state.Server{Rooms: []string{"a\x1b[2Jb\n\xff"}}}
	if got, want := p.places(""), []screen.Place{{Room: "ab \uFFFD"}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
