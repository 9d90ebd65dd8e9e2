package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"partyline/client"
	"partyline/hub/history"
)

// until returns the events of a client before a message.
func until(t *testing.T, c *client.Client, last string) (events []client.Event) {
	t.Helper()
	next(t, c, func(e client.Event) bool {
		events = append(events, e)
		m, ok := e.(*client.Message)
		return ok && m.Text == last
	})
	return events
}

// presence returns what happened to members among events.
func presence(events []client.Event) (list []string) {
	for _, e := range events {
		switch e.(type) {
		case *client.Joined, *client.Left, *client.Renamed:
			list = append(list, string(e.AppendText(nil)))
		}
	}
	return list
}

// TestResume loses the connections of members without the server learning of it, as a phone does that
// changes networks. They keep their names, also a guest, and others see nothing of it.
func TestResume(t *testing.T) {
	for _, scheme := range []string{"tcp://", "ws://"} {
		for _, nick := range []string{"alice", ""} {
			t.Run(scheme+nick, func(t *testing.T) {
				s := newServer(t)
				r := startRelay(t, listen(t, "tcp", "127.0.0.1:0"), map[string]string{"tcp://": s.tcp, "ws://": s.http}[scheme])
				c := dial(t, scheme+r.ln.Addr().String(), client.Eager(time.Millisecond, client.Options{Nick: nick, Room: "ops"}))
				name, token := next(t, c, anyOf[*client.Welcome]).Nick, c.Token()
				witness := dial(t, s.tcp, client.Options{Nick: "bob", Room: "ops"})
				say(t, witness, "start")
				for i := range 3 {
					r.loseAll()
					next(t, c, anyOf[*client.Disconnected])
					say(t, witness, fmt.Sprint("missed ", i))
					if w := next(t, c, anyOf[*client.Welcome]); w.Nick != name || w.Room != "ops" || !w.Resumed || w.Token != "" {
						t.Errorf("the welcome is %+v, and the name was %s", w, name)
					}
					next(t, c, text(fmt.Sprint("missed ", i)))
					say(t, c, fmt.Sprint("back ", i))
				}
				if c.Token() != token || len(token) < 20 {
					t.Errorf("the token was %q and is %q", token, c.Token())
				}
				until(t, witness, "start")
				if seen := presence(until(t, witness, "back 2")); len(seen) > 0 {
					t.Errorf("others see %q", seen)
				}
				if members, n, err := witness.Who(context.Background()); err != nil || n != 2 {
					t.Errorf("the room has %v, %v", members, err)
				}
			})
		}
	}
}

// TestToken continues with the token of another client: one that has ended, and one that has not.
func TestToken(t *testing.T) {
	s := newServer(t)
	first := dial(t, s.tcp, client.Options{Room: "ops"})
	name := first.Nick()
	first.Close()
	second := dial(t, "ws://"+s.http, client.Options{Nick: "bob", Token: first.Token()})
	if w := next(t, second, anyOf[*client.Welcome]); w.Nick != name || w.Room != "ops" || !w.Resumed || second.Nick() != name {
		t.Errorf("the welcome is %+v, want %s in ops", w, name)
	}
	third := dial(t, s.tcp, client.Options{Room: "lobby", Token: second.Token()})
	if third.Nick() != name || third.Room() != "lobby" {
		t.Errorf("the third client is %s in %s", third.Nick(), third.Room())
	}
	var bye *client.ByeError
	for range second.Events(context.Background()) { // until it ends
	}
	if err := second.Err(); !errors.As(err, &bye) || bye.Reason != "resumed" {
		t.Errorf("the second client ended with %v", err)
	}
	unknown := dial(t, s.tcp, client.Options{Nick: "carol", Token: strings.Repeat("a", 26)})
	if w := next(t, unknown, anyOf[*client.Welcome]); w.Nick != "carol" || w.Room != "lobby" || w.Resumed || len(unknown.Token()) < 20 {
		t.Errorf("with an unknown token the welcome is %+v", w)
	}
	for _, token := range []string{"", strings.Repeat("a", 26), unknown.Token()} {
		_, err := client.Dial(context.Background(), s.tcp, client.Options{Room: "a b", Token: token})
		var d *client.DialError
		if !errors.As(err, &d) || !d.Refused || !strings.Contains(err.Error(), "not a room") {
			t.Errorf("with an invalid room Dial returns %v", err)
		}
	}
}

// TestTokenNameTaken has another member take the name that a token has. The client gets it back.
func TestTokenNameTaken(t *testing.T) {
	s := newServer(t)
	first := dial(t, s.tcp, client.Options{Nick: "alice"})
	first.Close()
	thief := dial(t, s.tcp, client.Options{Nick: "alice"})
	second := dial(t, s.tcp, client.Eager(10*time.Millisecond, client.Options{Nick: "alice", Token: first.Token()}))
	if w := next(t, second, anyOf[*client.Welcome]); w.Nick == "alice" || !w.Resumed {
		t.Errorf("the welcome is %+v", w)
	}
	thief.Close()
	next(t, second, func(e *client.Renamed) bool { return e.To == "alice" })
}

// TestStray has the server get a request to enter after a later one, over a connection that the client has
// given up. The client comes back, once: it does not fight with another program that uses its token.
func TestStray(t *testing.T) {
	s := newServer(t)
	r := startRelay(t, listen(t, "tcp", "127.0.0.1:0"), s.tcp)
	c := dial(t, r.ln.Addr().String(), client.Eager(time.Millisecond, client.Options{Nick: "alice"}))
	next(t, c, anyOf[*client.Welcome])
	hold := make(chan struct{})
	r.mu.Lock()
	r.hold, r.lose = hold, true
	r.mu.Unlock()
	r.cut()
	next(t, c, anyOf[*client.Welcome])
	close(hold)
	if d := next(t, c, anyOf[*client.Disconnected]); !strings.Contains(d.Err.Error(), "resumed") {
		t.Errorf("the connection ended with %v", d.Err)
	}
	if w := next(t, c, anyOf[*client.Welcome]); w.Nick != "alice" || !w.Resumed {
		t.Errorf("the welcome is %+v", w)
	}
	other := dial(t, s.tcp, client.Options{Token: c.Token()})
	for range c.Events(context.Background()) { // until it ends
	}
	var bye *client.ByeError
	if err := c.Err(); !errors.As(err, &bye) {
		t.Errorf("the client ended with %v", err)
	}
	say(t, other, "still here")
}

// TestOpen has one member in three rooms, whose connections break, all or one, and whose server restarts.
func TestOpen(t *testing.T) {
	ctx := t.Context()
	for _, scheme := range []string{"tcp://", "ws://"} {
		t.Run(scheme, func(t *testing.T) {
			journal := history.NewMemory(history.Retention{Messages: 1000})
			s := startServer(t, "127.0.0.1:0", "127.0.0.1:0", journal)
			r := startRelay(t, listen(t, "tcp", "127.0.0.1:0"), map[string]string{"tcp://": s.tcp, "ws://": s.http}[scheme])
			witness := dial(t, s.tcp, client.Options{Nick: "bob", Room: "b"})
			rooms := []string{"a", "b", "c"}
			all := []*client.Client{dial(t, scheme+r.ln.Addr().String(), client.Eager(5*time.Millisecond, client.Options{Nick: "alice", Room: rooms[0]}))}
			for i, room := range rooms[1:] {
				c, err := all[i].Open(ctx, room)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				all = append(all, c)
			}
			check := func(nick string) {
				t.Helper()
				for i, c := range all {
					say(t, c, "here "+nick)
					if m := next(t, c, text("here "+nick)); m.From != nick || m.Room != rooms[i] || c.Nick() != nick || c.Room() != rooms[i] {
						t.Errorf("client %d is %s in %s and gets %+v, want %s in %s", i, c.Nick(), c.Room(), m, nick, rooms[i])
					}
				}
				until(t, witness, "here "+nick)
			}
			check("alice")

			if err := all[1].Rename(ctx, "ally"); err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				next(t, c, func(e *client.Renamed) bool { return e.Nick == "alice" && e.To == "ally" })
			}
			check("ally")

			r.loseAll()
			for _, c := range all {
				if w := next(t, c, anyOf[*client.Welcome]); w.Nick != "ally" || !w.Resumed {
					t.Errorf("the welcome is %+v", w)
				}
			}
			say(t, all[1], "all are back")
			if seen := presence(until(t, witness, "all are back")); len(seen) > 0 {
				t.Errorf("others see %q", seen)
			}
			check("ally")

			addresses := []string{s.tcp, s.http}
			witness.Close()
			r.release()
			s.stop()
			startServer(t, addresses[0], addresses[1], journal)
			witness = dial(t, addresses[0], client.Options{Nick: "bob", Room: "b"})
			for _, c := range all {
				if w := next(t, c, anyOf[*client.Welcome]); w.Nick != "ally" {
					t.Errorf("after a restart the welcome is %+v", w)
				}
			}
			check("ally")

			all[0].Close()
			all, rooms = all[1:], rooms[1:]
			check("ally")
			if _, err := all[1].Open(ctx, "B"); !errors.Is(err, client.ErrInRoom) {
				t.Errorf("for a room that is open Open returns %v", err)
			}
			if err := all[1].Join(ctx, "b"); !errors.Is(err, client.ErrInRoom) {
				t.Errorf("for a room that is open Join returns %v", err)
			}
			if err := all[1].Join(ctx, "a"); err != nil {
				t.Error(err)
			}
			rooms[1] = "a"
			check("ally")
		})
	}
}

// TestOpenCuts cuts the connections of a member in three rooms at random bytes while it talks in all of them,
// and changes its name. It has one name in all rooms in the end, and each room has every message once.
func TestOpenCuts(t *testing.T) {
	cuts := int64(300)
	if testing.Short() {
		cuts = 30
	}
	s := newServer(t)
	var left atomic.Int64
	left.Store(cuts)
	relays := map[string]*relay{
		"tcp://": startRelay(t, listen(t, "tcp", "127.0.0.1:0"), s.tcp),
		"ws://":  startRelay(t, listen(t, "tcp", "127.0.0.1:0"), s.http),
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	var all []*client.Client
	for scheme, r := range relays {
		first := dial(t, scheme+r.ln.Addr().String(), client.Eager(time.Millisecond, client.Options{Room: "a"}))
		all = append(all, first)
		for _, room := range []string{"b", "c"} {
			c, err := first.Open(ctx, room)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			all = append(all, c)
		}
		r.mu.Lock()
		r.limit = func() int64 {
			if left.Add(-1) < 0 {
				return -1
			}
			return rand.Int64N(1 << (8 + rand.IntN(6)))
		}
		r.mu.Unlock()
		r.cut()
	}
	var running sync.WaitGroup
	said := make([]int, len(all))
	for i, c := range all {
		running.Go(func() {
			for ; left.Load() >= 0 && ctx.Err() == nil; said[i]++ {
				if _, err := c.Say(ctx, fmt.Sprintf("@%d %d", i, said[i])); err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
				if said[i]%20 == 10 {
					c.Rename(ctx, fmt.Sprintf("name-%d-%d", i/3, said[i]%7)) // may be taken
				}
			}
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		t.Fatal("the clients are stuck")
	}
	for i, c := range all {
		want := fmt.Sprintf("last-%d", i/3)
		if err := all[i/3*3].Rename(ctx, want); err != nil {
			t.Error(err)
		}
		say(t, c, "the end")
		next := 0
		for done := false; !done; {
			e, err := c.Next(ctx)
			if err != nil {
				t.Fatalf("client %d: %v", i, err)
			}
			m, ok := e.(*client.Message)
			if !ok {
				continue
			}
			var from, k int
			if fmt.Sscanf(m.Text, "@%d %d", &from, &k); from == i && m.Text != "the end" {
				if k != next {
					t.Fatalf("client %d gets message %d, want %d", i, k, next)
				}
				next++
			}
			done = m.Text == "the end" && m.From == want
		}
		if c.Nick() != want || next != said[i] {
			t.Errorf("client %d is %s and has %d messages, want %s and %d", i, c.Nick(), next, want, said[i])
		}
	}
}

// TestOpenWaits opens a room while the connection is broken.
func TestOpenWaits(t *testing.T) {
	journal := history.NewMemory(history.Retention{Messages: 1000})
	s := startServer(t, "127.0.0.1:0", "127.0.0.1:0", journal)
	c := dial(t, s.tcp, client.Eager(10*time.Millisecond, client.Options{Nick: "alice"}))
	s.stop()
	next(t, c, anyOf[*client.Disconnected])
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	if _, err := c.Open(ctx, "ops"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while there is no server Open returns %v", err)
	}
	cancel()
	startServer(t, s.tcp, s.http, journal)
	other, err := c.Open(context.Background(), "ops")
	if err != nil {
		t.Fatal(err)
	}
	if other.Nick() != "alice" || other.Room() != "ops" {
		t.Errorf("the other client is %s in %s", other.Nick(), other.Room())
	}
	if _, err := c.Open(context.Background(), "a b"); err == nil || !strings.Contains(err.Error(), "not a room") {
		t.Errorf("for an invalid room Open returns %v", err)
	}
	other.Close()
	c.Close()
	if _, err := c.Open(context.Background(), "ops"); !errors.Is(err, client.ErrClosed) {
		t.Errorf("after Close Open returns %v", err)
	}
}

// TestOpenSince opens rooms after an id that the program has, and with all messages.
func TestOpenSince(t *testing.T) {
	s := newServer(t)
	bob := dial(t, s.tcp, client.Options{Nick: "bob", Room: "a"})
	first := say(t, bob, "one")
	say(t, bob, "two")
	other := dial(t, s.tcp, client.Options{Room: "b"})
	say(t, other, "zero")
	alice := dial(t, s.tcp, client.Options{Nick: "alice"})
	for _, c := range []struct {
		room  string
		since int64
		want  string
	}{{"a", first, "two"}, {"b", client.All, "zero"}} {
		opened, err := alice.OpenSince(t.Context(), c.room, c.since)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { opened.Close() })
		if m := next(t, opened, anyOf[*client.Message]); m.Text != c.want || m.Room != c.room {
			t.Errorf("the first message in %s is %+v, want %q", c.room, m, c.want)
		}
	}
}

// TestFirstLines has a server that sends nothing until it has the request to enter: over TCP the client does
// not wait for a welcome before.
func TestFirstLines(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	lines := make(chan []string, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		var got []string
		for range 2 {
			line, _ := in.ReadString('\n')
			got = append(got, line)
		}
		lines <- got
		io.WriteString(conn, "* You are guest-abcd in #lobby\n"+welcomeLine+roomLine)
		io.Copy(io.Discard, in)
	}()
	c := dial(t, ln.Addr().String(), client.Options{Room: "lobby", Token: "secret"})
	c.Close()
	ln.Close()
	want := []string{"/format json\n", `{"type":"resume","token":"secret","room":"lobby","ref":"enter"}` + "\n"}
	if got := <-lines; !slices.Equal(got, want) {
		t.Errorf("the server got %q, want %q", got, want)
	}
}

// TestSpelling asks for a name that the server spells in another way, and for one that it refuses after it has
// sent messages.
func TestSpelling(t *testing.T) {
	s := newServer(t)
	if c := dial(t, s.tcp, client.Options{Nick: "ｇｕｅｓｔ-１", Room: "OPS"}); c.Nick() != "guest-1" || c.Room() != "ops" {
		t.Errorf("the client is %s in %s", c.Nick(), c.Room())
	}
	message := func(id int) string {
		return fmt.Sprintf(`{"type":"message","id":%d,"room":"lobby","from":"bob","text":"%d"}`+"\n", id, id)
	}
	answers := welcomeLine + roomLine + message(1) + message(2) + `{"type":"who","ref":"fence"}` + "\n" + message(3)
	c := dial(t, lineServer(t, listen(t, "tcp", "127.0.0.1:0"), answers), client.Options{Nick: "alice"})
	for i := range 3 {
		if m := next(t, c, anyOf[*client.Message]); m.ID != int64(i+1) {
			t.Errorf("message %d is %+v", i+1, m)
		}
	}
	answers = welcomeLine + roomLine + message(1) + `{"type":"error","code":"nick_taken","message":"alice is taken"}` + "\n" + `{"type":"who","ref":"fence"}` + "\n"
	_, err := client.Dial(t.Context(), lineServer(t, listen(t, "tcp", "127.0.0.1:0"), answers), client.Options{Nick: "alice"})
	var d *client.DialError
	if !errors.As(err, &d) || !d.Refused || !strings.HasSuffix(err.Error(), "alice is taken") {
		t.Errorf("for a taken name Dial returns %v", err)
	}
}
