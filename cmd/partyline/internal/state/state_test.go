package state

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func load(t *testing.T, d *Dir) *State {
	t.Helper()
	s, err := d.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func update(t *testing.T, d *Dir, change func(*State)) {
	t.Helper()
	if err := d.Update(change); err != nil {
		t.Fatal(err)
	}
}

// TestUserDir checks where the directory is. XDG_STATE_HOME counts if it is absolute.
func TestUserDir(t *testing.T) {
	for _, c := range []struct{ xdg, home, want string }{
		{"/xdg", "/home/alice", "/xdg/partyline"},
		{"", "/home/alice", "/home/alice/.local/state/partyline"},
		{"relative", "/home/alice", "/home/alice/.local/state/partyline"},
		{"", "", ""},
	} {
		t.Setenv("XDG_STATE_HOME", c.xdg)
		t.Setenv("HOME", c.home)
		d, err := UserDir()
		if err != nil {
			d = &Dir{}
		}
		if d.path != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%+v: got %q, %v", c, d.path, err)
		}
	}
}

// TestState stores what it remembers, and reads it again, in files that only the user can read.
func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "partyline")
	d := At(path)
	if s := load(t, d); s.Last != "" || len(s.Servers) != 0 {
		t.Errorf("without a file: %+v", s)
	}
	update(t, d, func(s *State) {
		server := s.Use("tcp://chat.example:4000", noon)
		server.Nick = "alice"
		server.Open([]string{"lobby", "ops"}, "ops")
		server.Advance("alice", "ops", 1042)
		server.Advance("alice", "lobby", 7)
		server.Advance("", "ops", 3)
		server.Advance("Alice", "OPS", 1000) // no step back
		server.KeepToken("secret", noon)
	})
	update(t, d, func(s *State) { s.Use("ws://chat.example:80/ws", noon.Add(time.Second)) })

	s := load(t, d)
	if s.Last != "ws://chat.example:80/ws" {
		t.Errorf("the last server is %q", s.Last)
	}
	address, server := s.Find("unix:/none", "tcp://chat.example:4000")
	if address != "tcp://chat.example:4000" || server.Nick != "alice" || server.Room != "ops" || !slices.Equal(server.Rooms, []string{"lobby", "ops"}) || !server.Used.Equal(noon) {
		t.Fatalf("found %q, %+v", address, server)
	}
	if address, _ := s.Find("tcp://chat.example:4000", "ws://chat.example:80/ws"); address != s.Last {
		t.Errorf("found %q of two servers, which was not used last", address)
	}
	if _, server := s.Find("unix:/none"); server != nil {
		t.Errorf("found %+v", server)
	}
	for _, c := range []struct {
		nick, room string
		id         int64
		known      bool
	}{
		{"alice", "ops", 1042, true},
		{"ALICE", "Ops", 1042, true},
		{"alice", "lobby", 7, true},
		{"", "ops", 3, true},
		{"bob", "ops", 0, false},
	} {
		if id, known := server.Position(c.nick, c.room); id != c.id || known != c.known {
			t.Errorf("the position of %q in %q is %d, %v", c.nick, c.room, id, known)
		}
	}
	for name, want := range map[string]os.FileMode{"": os.ModeDir | 0o700, "state.json": 0o600, "lock": 0o600} {
		if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode() != want {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestLostHistory checks a position in a history that the server has lost.
func TestLostHistory(t *testing.T) {
	server := new(Server)
	server.Advance("alice", "ops", 100)
	server.Advance("alice", "lobby", 100)
	server.Check("ops", 100)
	server.Check("lobby", 99)
	ops, _ := server.Position("alice", "ops")
	lobby, known := server.Position("alice", "lobby")
	if ops != 100 || lobby != 0 || !known {
		t.Errorf("ops %d, lobby %d, %v", ops, lobby, known)
	}
}

// TestDamagedFile loads files that are no state. They count as empty, and are replaced.
func TestDamagedFile(t *testing.T) {
	for _, text := range []string{"", "{", "null", "[]", `{"servers":[]}`, `{"servers":{"a":{"positions":{}}}}`, "\x00\xff", `{"last":"x"`} {
		path := t.TempDir()
		if err := os.WriteFile(filepath.Join(path, "state.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := At(path)
		if s := load(t, d); s.Last != "" || len(s.Servers) != 0 {
			t.Errorf("%q: %+v", text, s)
		}
		update(t, d, func(s *State) { s.Use("a", noon).Advance("", "lobby", 1) })
		if s := load(t, d); s.Last != "a" {
			t.Errorf("%q: %+v after an update", text, s)
		}
	}
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "state.json"), []byte(`{"last":"a","servers":{"a":null,"b":{}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := load(t, At(path))
	if _, server := s.Find("a", "b"); len(s.Servers) != 1 || server == nil {
		t.Errorf("%+v", s)
	}
}

// TestUnusableDir checks the errors when the directory is none.
func TestUnusableDir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := At(path)
	if s, err := d.Load(); err == nil {
		t.Errorf("loaded %+v", s)
	}
	if err := d.Update(func(*State) {}); err == nil {
		t.Error("updated")
	}
	if err := d.AddInput("x"); err == nil {
		t.Error("added an input")
	}
	if inputs, err := d.Inputs(); err == nil {
		t.Errorf("has inputs %q", inputs)
	}
}

// TestBounds forgets the oldest servers and positions, and the last rooms.
func TestBounds(t *testing.T) {
	s := new(State)
	for i := range 2 * maxServers {
		s.Use(fmt.Sprint("server ", i), noon.Add(time.Duration(i)*time.Second))
	}
	if len(s.Servers) != maxServers || s.Servers[s.Last] == nil || s.Servers[fmt.Sprint("server ", maxServers)] == nil {
		t.Errorf("%d servers", len(s.Servers))
	}
	server := s.Servers[s.Last]
	for i := range 2 * maxPositions {
		server.Advance("", fmt.Sprint("room ", i), 1)
		server.Advance("", "used", 1)
	}
	server.Open(slices.Repeat([]string{"room"}, 2*maxRooms), "room")
	if len(server.Rooms) != maxRooms {
		t.Errorf("%d rooms", len(server.Rooms))
	}
	if _, known := server.Position("", "used"); !known || len(server.Positions) != maxPositions {
		t.Errorf("%d positions, the used one is known: %v", len(server.Positions), known)
	}
}

// TestConcurrentUpdates changes the files from many goroutines, each with a Dir of its own. No change is lost.
func TestConcurrentUpdates(t *testing.T) {
	path := t.TempDir()
	const goroutines, updates = 8, 10
	var running sync.WaitGroup
	for g := range goroutines {
		running.Go(func() {
			d := At(path)
			for i := range updates {
				if err := d.Update(func(s *State) { s.Use(fmt.Sprint(g), noon).Advance("", fmt.Sprint(i), 1) }); err != nil {
					t.Error(err)
				}
				if err := d.AddInput(fmt.Sprint(g, " ", i)); err != nil {
					t.Error(err)
				}
				if _, err := d.Load(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	positions := 0
	for _, server := range load(t, At(path)).Servers {
		positions += len(server.Positions)
	}
	inputs, err := At(path).Inputs()
	if positions != goroutines*updates || len(inputs) != goroutines*updates || err != nil {
		t.Errorf("%d positions, %d inputs, %v", positions, len(inputs), err)
	}
	if files, err := os.ReadDir(path); err != nil || len(files) != 3 {
		t.Errorf("the directory has %v, %v", files, err)
	}
}

// TestToken takes a token once, unless it is too old or the process that has it still runs.
func TestToken(t *testing.T) {
	server := new(Server)
	if token := server.TakeToken(noon); token != "" {
		t.Errorf("a new server has the token %q", token)
	}
	server.KeepToken("secret", noon)
	if token := server.TakeToken(noon.Add(time.Minute)); token != "secret" {
		t.Errorf("the own token is %q", token)
	}
	if token := server.TakeToken(noon.Add(time.Hour)); token != "" {
		t.Errorf("the old token is %q", token)
	}

	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	server.Session = &Session{"secret", noon, other.Process.Pid}
	if token := server.TakeToken(noon); token != "" {
		t.Errorf("the token of a process that runs is %q", token)
	}
	other.Process.Kill()
	other.Wait()
	if token := server.TakeToken(noon); token != "secret" {
		t.Errorf("the token of a process that has ended is %q", token)
	}
	if *server.Session != (Session{"secret", noon, os.Getpid()}) { // stays if the process can't connect
		t.Errorf("after it was taken the session is %+v", server.Session)
	}
}

// TestInputs keeps the last inputs, as they were entered.
func TestInputs(t *testing.T) {
	d := At(t.TempDir())
	if inputs, err := d.Inputs(); len(inputs) != 0 || err != nil {
		t.Errorf("without a file: %q, %v", inputs, err)
	}
	want := []string{"hello", `back\slash \n \\n`, "two\nlines\n", "世界 👩\u200d🚀", "\ttab", `\`}
	for _, input := range want {
		if err := d.AddInput(input); err != nil {
			t.Fatal(err)
		}
	}
	for _, ignored := range []string{"", strings.Repeat("x", maxInput+1)} {
		if err := d.AddInput(ignored); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := d.Inputs(); !slices.Equal(got, want) || err != nil {
		t.Errorf("got %q, want %q, %v", got, want, err)
	}

	file := filepath.Join(d.path, "history")
	if err := os.WriteFile(file, []byte(strings.Repeat("old\n", 2*maxInputs)+"\n\xff\nlast"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.AddInput("new"); err != nil {
		t.Fatal(err)
	}
	got, err := d.Inputs()
	if want := []string{"\uFFFD", "last", "new"}; err != nil || len(got) != maxInputs || !slices.Equal(got[maxInputs-3:], want) {
		t.Errorf("%d inputs, the last ones are %q, %v", len(got), got[max(len(got)-3, 0):], err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// FuzzInputs checks that an input is remembered as it is.
func FuzzInputs(f *testing.F) {
	f.Add("hello")
	f.Add("two\nlines")
	f.Add(`\n\\n`)
	f.Fuzz(func(t *testing.T, input string) {
		if line := escape(input); strings.Contains(line, "\n") || unescape(line) != input {
			t.Errorf("%q becomes %q, then %q", input, line, unescape(line))
		}
	})
}
