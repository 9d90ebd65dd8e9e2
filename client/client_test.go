package client_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// TestWays connects over each transport, with a name and a room.
func TestWays(t *testing.T) {
	s := newServer(t)
	addresses, config := ways(t, s)
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			witness := dial(t, s.tcp, client.Options{Room: "ops"})
			next(t, witness, anyOf[*client.Welcome])
			c := dial(t, address, client.Options{Nick: "bot-" + name, Room: "ops", TLS: config})
			w := next(t, c, anyOf[*client.Welcome])
			if w.Nick != "bot-"+name || w.Room != "ops" || c.Nick() != w.Nick || c.Room() != "ops" {
				t.Errorf("the welcome is %+v, and the client is %s in %s", w, c.Nick(), c.Room())
			}
			id := say(t, c, "hello from "+name)
			for _, who := range []*client.Client{c, witness} {
				if m := next(t, who, text("hello from "+name)); m.ID != id || m.From != "bot-"+name {
					t.Errorf("got %+v, want id %d", m, id)
				}
			}
			c.Close()
			next(t, witness, func(e *client.Left) bool { return e.Nick == "bot-"+name })
			if _, err := c.Say(context.Background(), "late"); !errors.Is(err, client.ErrClosed) {
				t.Errorf("after Close Say returns %v", err)
			}
		})
	}
}

// TestRequests makes each request.
func TestRequests(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s := newServer(t)
	alice, bob := dial(t, s.tcp, client.Options{Nick: "alice"}), dial(t, "ws://"+s.http, client.Options{Nick: "bob"})
	for i := range 5 {
		say(t, alice, fmt.Sprint("pizza ", i))
	}
	if id, err := alice.Act(ctx, "waves"); err != nil || !next(t, bob, func(m *client.Message) bool { return m.ID == id }).Action {
		t.Errorf("Act returns %d, %v", id, err)
	}
	if err := alice.Tell(ctx, "bob", "psst"); err != nil {
		t.Error(err)
	}
	if p := next(t, bob, anyOf[*client.Private]); p.From != "alice" || p.Text != "psst" || p.Sent {
		t.Errorf("bob gets %+v", p)
	}
	if p := next(t, alice, anyOf[*client.Private]); !p.Sent {
		t.Errorf("alice gets %+v", p)
	}
	var refused *client.Error
	if err := alice.Tell(ctx, "carol", "psst"); !errors.As(err, &refused) || refused.Code != "no_such_nick" {
		t.Errorf("a message to a name that no member has returns %v", err)
	}
	if err := alice.Rename(ctx, "bob"); !errors.As(err, &refused) || refused.Code != "nick_taken" {
		t.Errorf("a taken name returns %v", err)
	}
	if err := alice.Rename(ctx, "ally"); err != nil {
		t.Error(err)
	}
	next(t, alice, func(e *client.Renamed) bool { return e.To == "ally" })
	if alice.Nick() != "ally" {
		t.Errorf("alice is %s", alice.Nick())
	}
	if members, n, err := alice.Who(ctx); err != nil || n != 2 || len(members) != 2 {
		t.Errorf("Who returns %v, %d, %v", members, n, err)
	}
	messages, more, err := bob.History(ctx, 0, 3)
	if err != nil || !more || len(messages) != 3 || !messages[2].Action {
		t.Errorf("History returns %v, %v, %v", messages, more, err)
	}
	if messages, more, err = bob.Since(ctx, messages[0].ID, 10); err != nil || more || len(messages) != 2 {
		t.Errorf("Since returns %v, %v, %v", messages, more, err)
	}
	if messages, _, err = bob.Search(ctx, "PIZZA 3", 0, 10); err != nil || len(messages) != 1 {
		t.Errorf("Search returns %v, %v", messages, err)
	}
	if err := bob.Join(ctx, "ops"); err != nil || bob.Room() != "ops" {
		t.Errorf("Join returns %v, and the room is %s", err, bob.Room())
	}
	if rooms, err := bob.Rooms(ctx); err != nil || len(rooms) != 2 {
		t.Errorf("Rooms returns %v, %v", rooms, err)
	}
	if _, err := bob.Say(ctx, strings.Repeat("x", 5000)); !errors.As(err, &refused) || refused.Code != "line_too_long" {
		t.Errorf("a long message returns %v", err)
	}
	done, stop := context.WithCancel(ctx)
	stop()
	if _, err := bob.Next(done); !errors.Is(err, context.Canceled) {
		for err == nil { // events that had arrived
			_, err = bob.Next(done)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Next returns %v", err)
		}
	}
}

// TestSince starts after an id that the program has, with all messages, and with new ones only.
func TestSince(t *testing.T) {
	s := newServer(t)
	alice := dial(t, s.tcp, client.Options{Nick: "alice"})
	var ids []int64
	const n = 1200 // more than two pages
	for i := range n {
		ids = append(ids, say(t, alice, fmt.Sprint(i)))
	}
	for _, address := range []string{s.tcp, "ws://" + s.http} {
		for name, c := range map[string]struct {
			since int64
			first int
		}{"all": {client.All, 0}, "some": {ids[99], 100}, "none": {0, n}} {
			bob := dial(t, address, client.Options{Since: c.since})
			next(t, bob, anyOf[*client.Welcome])
			end := fmt.Sprint("end of ", name, address)
			say(t, alice, end)
			for i := c.first; i < n; i++ {
				if m := next(t, bob, anyOf[*client.Message]); m.Text != fmt.Sprint(i) || m.ID != ids[i] {
					t.Fatalf("%s: got %+v, want message %d", name, m, i)
				}
			}
			next(t, bob, text(end))
		}
	}
}

// TestFlushMissed has a connection break while a client catches up. Flush waits until the client has caught up over
// another one.
func TestFlushMissed(t *testing.T) {
	s := newServer(t)
	const n = 2000
	alice := dial(t, s.tcp, client.Options{})
	post(t, alice, numbered("m", n)...)
	flush(t, alice)
	r := startRelay(t, listen(t, "tcp", "127.0.0.1:0"), s.tcp)
	var links atomic.Int64
	r.mu.Lock()
	r.limit = func() int64 {
		if links.Add(1) == 1 {
			return 100_000 // less than all messages
		}
		return -1
	}
	r.mu.Unlock()
	bob := dial(t, r.ln.Addr().String(), client.Eager(20*time.Millisecond, client.Options{Since: client.All}))
	flush(t, bob)
	bob.Close()
	received := 0
	for e := range bob.Events(context.Background()) {
		if _, ok := e.(*client.Message); ok {
			received++
		}
	}
	if received != n || links.Load() != 2 {
		t.Errorf("before Flush returns, %d messages have arrived over %d connections", received, links.Load())
	}
}

// TestCuts cuts connections at random bytes while members talk. In the end every client has all messages
// in one order, every message is there once, and each member has kept its name.
func TestCuts(t *testing.T) {
	cuts := 1000
	if testing.Short() {
		cuts = 60
	}
	const talkers = 4
	s := newServer(t)
	var left atomic.Int64
	left.Store(int64(cuts))
	limit := func() int64 {
		if left.Add(-1) < 0 {
			return -1
		}
		return rand.Int64N(1 << (8 + rand.IntN(8))) // up to 32 KiB, often less than a welcome
	}
	relays := []*relay{
		startRelay(t, listen(t, "tcp", "127.0.0.1:0"), s.tcp),
		startRelay(t, listen(t, "tcp", "127.0.0.1:0"), s.http),
	}
	clients := []*client.Client{dial(t, s.tcp, client.Options{Nick: "steady"})}
	for i := range talkers {
		scheme := [2]string{"tcp://", "ws://"}[i%2]
		clients = append(clients, dial(t, scheme+relays[i%2].ln.Addr().String(), client.Eager(time.Millisecond, client.Options{})))
	}
	for _, c := range clients {
		next(t, c, anyOf[*client.Welcome])
	}
	for _, r := range relays {
		r.mu.Lock()
		r.limit = limit
		r.mu.Unlock()
		r.cut()
	}

	ctx, cancel := context.WithTimeout(t.Context(), 10*patience)
	defer cancel()
	logs := make([][]*client.Message, len(clients))
	said := make([]int, len(clients))
	var running sync.WaitGroup
	for i, c := range clients {
		running.Go(func() { logs[i] = readUntilEnds(ctx, t, c, talkers) })
		if i > 0 {
			running.Go(func() { said[i] = talk(t, c, fmt.Sprintf("@%d ", i), func() bool { return left.Load() < 0 }) })
		}
	}
	running.Wait()
	same := func(a, b *client.Message) bool { return a.ID == b.ID && a.Text == b.Text && a.From == b.From }
	for i, log := range logs {
		if !slices.EqualFunc(log, logs[0], same) {
			t.Errorf("client %d has %d messages, and not those of the steady one, which has %d", i, len(log), len(logs[0]))
		}
	}
	counts := make([]int, len(clients))
	names := make([]string, len(clients))
	for _, m := range logs[0] {
		var i, k int
		if _, err := fmt.Sscanf(m.Text, "@%d %d", &i, &k); err != nil {
			continue // an end
		}
		if k != counts[i] {
			t.Fatalf("message %d of client %d is %q", counts[i], i, m.Text)
		}
		counts[i]++
		if names[i] = cmp.Or(names[i], m.From); m.From != names[i] {
			t.Fatalf("message %d of client %d is from %s, and those before from %s", k, i, m.From, names[i])
		}
	}
	if !slices.Equal(counts, said) {
		t.Errorf("the room has %v messages of the clients, which sent %v", counts, said)
	}
	t.Logf("%d cuts, %d messages", cuts, len(logs[0]))
}

// talk says numbered messages after a prefix until over returns true, and then the end. It returns how many.
func talk(t *testing.T, c *client.Client, prefix string, over func() bool) (n int) {
	for ; !over(); n++ {
		err := c.Post(context.Background(), fmt.Sprint(prefix, n), func(_ int64, err error) {
			if err != nil {
				t.Error(err)
			}
		})
		if err == nil && n%20 == 0 {
			err = c.Flush(context.Background())
		}
		if err != nil {
			t.Error(err)
			return n
		}
	}
	if _, err := c.Say(context.Background(), prefix+"end"); err != nil {
		t.Error(err)
	}
	return n
}

// readUntilEnds returns the messages up to the last of some ends.
func readUntilEnds(ctx context.Context, t *testing.T, c *client.Client, ends int) (log []*client.Message) {
	for ends > 0 {
		e, err := c.Next(ctx)
		if err != nil {
			t.Error(err)
			return log
		}
		switch e := e.(type) {
		case *client.Message:
			log = append(log, e)
			if strings.HasSuffix(e.Text, " end") {
				ends--
			}
		case *client.Gap:
			t.Errorf("got the gap %+v", e)
		}
	}
	return log
}

// TestRestart stops a server while a client has something to say, and starts another one.
func TestRestart(t *testing.T) {
	for _, scheme := range []string{"tcp://", "ws://"} {
		t.Run(scheme, func(t *testing.T) {
			journal := history.NewMemory(history.Retention{Messages: 1000})
			first := startServer(t, "127.0.0.1:0", "127.0.0.1:0", journal)
			address := map[string]string{"tcp://": first.tcp, "ws://": first.http}[scheme]
			c := dial(t, scheme+address, client.Eager(10*time.Millisecond, client.Options{Nick: "alice", Room: "ops"}))
			say(t, c, "before")
			first.stop()
			next(t, c, anyOf[*client.Disconnected])
			said := make(chan error, 1)
			go func() {
				_, err := c.Say(context.Background(), "offline")
				said <- err
			}()
			startServer(t, first.tcp, first.http, journal)
			w := next(t, c, anyOf[*client.Welcome])
			if w.Nick != "alice" || w.Room != "ops" {
				t.Errorf("after the restart: %+v", w)
			}
			if err := <-said; err != nil {
				t.Error(err)
			}
			if m := next(t, c, anyOf[*client.Message]); m.Text != "offline" {
				t.Errorf("got %+v", m)
			}
		})
	}
}

// TestLostHistory starts another server without the history of the first one.
func TestLostHistory(t *testing.T) {
	first := newServer(t)
	c := dial(t, first.tcp, client.Eager(10*time.Millisecond, client.Options{Nick: "alice"}))
	var last int64
	for _, s := range numbered("old ", 10) {
		last = say(t, c, s)
	}
	first.stop()
	second := startServer(t, first.tcp, first.http, nil)
	bob := dial(t, second.tcp, client.Options{Nick: "bob"})
	say(t, bob, "new")
	if g := next(t, c, anyOf[*client.Gap]); g.After != last || g.Missed != -1 || !g.Lost {
		t.Errorf("the gap is %+v", g)
	}
	next(t, c, text("new"))
	say(t, bob, "newer")
	next(t, c, text("newer"))
}

// TestNameTaken has another member take the name of a client that is disconnected. The client
// gets the name back when it is free.
func TestNameTaken(t *testing.T) {
	s := newServer(t)
	r := startRelay(t, listen(t, "tcp", "127.0.0.1:0"), s.tcp)
	c := dial(t, r.ln.Addr().String(), client.Eager(10*time.Millisecond, client.Options{Nick: "alice"}))
	next(t, c, anyOf[*client.Welcome])
	r.mu.Lock()
	r.to = "127.0.0.1:1" // nothing listens there
	r.mu.Unlock()
	r.cut()
	next(t, c, anyOf[*client.Disconnected])
	var thief *client.Client
	for thief == nil { // until the server has noticed that alice is gone
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		thief, _ = client.Dial(ctx, s.tcp, client.Options{Nick: "alice"})
		cancel()
	}
	defer thief.Close()
	r.mu.Lock()
	r.to = s.tcp
	r.mu.Unlock()
	if w := next(t, c, anyOf[*client.Welcome]); w.Nick == "alice" {
		t.Errorf("the welcome is %+v", w)
	}
	thief.Close()
	next(t, c, func(e *client.Renamed) bool { return e.To == "alice" })
	if c.Nick() != "alice" {
		t.Errorf("the client is %s", c.Nick())
	}
}

// TestNameTakenInRooms enters a second room while another member has the name. The member gets the name back all the same.
func TestNameTakenInRooms(t *testing.T) {
	s := newServer(t)
	before := dial(t, s.tcp, client.Options{Nick: "alice"})
	before.Close()
	thief := dial(t, s.tcp, client.Options{Nick: "alice"})
	c := dial(t, s.tcp, client.Eager(10*time.Millisecond, client.Options{Nick: "alice", Token: before.Token()}))
	if c.Nick() == "alice" {
		t.Fatal("the client has the name of another member")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	other, err := c.Open(ctx, "ops")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	thief.Close()
	for _, c := range []*client.Client{c, other} {
		next(t, c, func(e *client.Renamed) bool { return e.To == "alice" })
	}
}

// TestNameAfterRefusal checks that the name of a client that is refused is free at once, for the next attempt.
func TestNameAfterRefusal(t *testing.T) {
	s := newServer(t)
	for range 100 {
		c, err := client.Dial(t.Context(), s.tcp, client.Options{Nick: "alice", Room: "no room"})
		var refusal *client.Error
		if err == nil {
			c.Close()
		}
		if !errors.As(err, &refusal) || refusal.Code != "room_invalid" {
			t.Fatalf("the error is %v", err)
		}
	}
}

// TestSlowProgram has a program that waits for acks while many more events arrive than the client keeps.
// It is not stuck, and the gap has the messages that it missed.
func TestSlowProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	s := newServer(t)
	alice := dial(t, s.tcp, client.Options{Nick: "alice"})
	bob := dial(t, s.tcp, client.Options{Nick: "bob"})
	next(t, bob, anyOf[*client.Welcome])
	const n = 3 * 10_000
	for i := range n {
		if err := alice.Post(context.Background(), fmt.Sprint(i), func(_ int64, err error) {
			if err != nil {
				t.Error(err)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 {
			say(t, bob, "still here")
		}
	}
	alice.Flush(context.Background())
	say(t, bob, "the end")
	gaps, received := 0, 0
	for done := false; !done; {
		e, err := bob.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		switch e := e.(type) {
		case *client.Message:
			if e.From == "alice" {
				if e.Text != fmt.Sprint(received) {
					t.Fatalf("got %s, want message %d", e.Text, received)
				}
				received++
			}
			done = e.Text == "the end"
		case *client.Gap:
			gaps++
			messages, err := bob.Fill(context.Background(), e)
			if err != nil || e.Missed >= 0 && int64(len(messages)) != e.Missed {
				t.Fatalf("the gap %+v is filled with %d messages, %v", e, len(messages), err)
			}
			for _, m := range messages {
				if m.From == "alice" {
					received++
				}
			}
		}
	}
	if gaps == 0 || received != n {
		t.Errorf("%d gaps, %d of %d messages", gaps, received, n)
	}
}
