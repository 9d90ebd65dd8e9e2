package natsdir

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/directory"
	"partyline/hub/hubtest/natstest"
)

// patience bounds the wait for what must happen, since the machine may be busy.
const patience = time.Minute

// A fakeHub notes what a Directory tells it.
type fakeHub struct {
	mu       sync.Mutex
	own      []directory.Member
	there    map[string]directory.Member // members of other servers, by room and identity
	ended    []string
	renamed  []string
	received []directory.Private
	behind   bool
}

func (h *fakeHub) Members() []directory.Member {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.own)
}

func (h *fakeHub) Apply(server string, c directory.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if key := server + " " + c.Room + " " + c.ID; c.Kind == directory.Left {
		delete(h.there, key)
	} else {
		h.there[key] = c.Member
	}
}

func (h *fakeHub) Replace(server string, members []directory.Member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key := range h.there {
		if strings.HasPrefix(key, server+" ") {
			delete(h.there, key)
		}
	}
	for _, m := range members {
		h.there[server+" "+m.Room+" "+m.ID] = m
	}
}

func (h *fakeHub) Deliver(p directory.Private) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.received = append(h.received, p)
	switch {
	case h.behind:
		return directory.ErrBehind
	case p.To != "here":
		return directory.ErrGone
	}
	return nil
}

func (h *fakeHub) End(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, id)
}

func (h *fakeHub) Rename(id string) (directory.Claim, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.renamed = append(h.renamed, id)
	return directory.Claim{ID: id, Skeletons: []string{"guest " + id}, Token: id, Later: true}, true
}

// nicks returns the names of the members of other servers.
func (h *fakeHub) nicks() (nicks []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.there {
		nicks = append(nicks, m.Nick)
	}
	slices.Sort(nicks)
	return nicks
}

// join makes a member of this server join.
func (h *fakeHub) join(d *Directory, nick string) {
	m := directory.Member{Room: "lobby", ID: "id-" + nick, Nick: nick, Via: "tcp"}
	h.mu.Lock()
	h.own = append(h.own, m)
	h.mu.Unlock()
	d.Publish(directory.Change{Kind: directory.Joined, Member: m})
}

// start starts a Directory, which is closed at the end of the test.
func start(t testing.TB, servers *natstest.Servers) (*Directory, *fakeHub) {
	t.Helper()
	nc, err := nats.Connect(strings.Join(servers.URLs(), ","), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectBufSize(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	d := New(Options{Conn: nc, Stream: js, Name: "test", Replicas: 1, Log: slog.New(slog.DiscardHandler)})
	h := &fakeHub{there: make(map[string]directory.Member)}
	d.Start(h)
	t.Cleanup(d.Close)
	return d, h
}

func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// TestMembers follows members of three servers, one of which starts late, one ends and one is lost.
func TestMembers(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, hubA := start(t, servers)
	b, hubB := start(t, servers)
	await(t, "the servers find each other", func() bool { return a.Others() == 1 && b.Others() == 1 })
	hubA.join(a, "alice")
	hubB.join(b, "bob")
	awaitNicks := func(h *fakeHub, want ...string) {
		t.Helper()
		await(t, fmt.Sprint(want, " are there"), func() bool { return slices.Equal(h.nicks(), want) })
	}
	awaitNicks(hubA, "bob")
	awaitNicks(hubB, "alice")
	for i := range 3 * maxChanges { // more than a message has
		hubA.join(a, fmt.Sprint("n", i))
	}
	await(t, "many members are there", func() bool { return len(hubB.nicks()) == 3*maxChanges+1 })
	c, hubC := start(t, servers)
	await(t, "a late server learns of all", func() bool { return len(hubC.nicks()) == 3*maxChanges+2 })
	hubC.join(c, "carol")
	b.Publish(directory.Change{Kind: directory.Renamed, Member: directory.Member{Room: "lobby", ID: "id-bob", Nick: "robert"}})
	await(t, "a rename arrives", func() bool { return slices.Contains(hubC.nicks(), "robert") && slices.Contains(hubA.nicks(), "carol") })

	a.Close()
	awaitNicks(hubC, "robert")
	b.opt.Conn.Close() // without a word
	awaitNicks(hubC)
	if c.Others() != 0 {
		t.Errorf("there are %d other servers", c.Others())
	}
}

// TestMissedChanges loses a change on its way. The other server must learn of it.
func TestMissedChanges(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, hubA := start(t, servers)
	_, hubB := start(t, servers)
	hubA.join(a, "alice")
	await(t, "alice is there", func() bool { return slices.Equal(hubB.nicks(), []string{"alice"}) })
	hubB.mu.Lock()
	clear(hubB.there) // as if it had missed all
	hubB.mu.Unlock()
	a.send(&message{Server: a.id, Number: 77})
	await(t, "alice is there again", func() bool { return slices.Equal(hubB.nicks(), []string{"alice"}) })
}

// TestForeignChanges publishes what no server would.
func TestForeignChanges(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, h := start(t, servers)
	for _, change := range []string{
		`{"kind":"joined","room":"lobby","id":"x","nick":"a\u001b[2J"}`, `{"kind":"joined","room":"Lobby!","id":"x","nick":"a"}`,
		`{"kind":"joined","room":"lobby","id":"","nick":"a"}`, `{"kind":"exploded","room":"lobby","id":"x","nick":"a"}`,
		`{"kind":"joined","room":"lobby","id":"` + strings.Repeat("x", 65) + `","nick":"a"}`,
	} {
		a.note(&nats.Msg{Data: fmt.Appendf(nil, `{"server":"eve","number":1,"begin":true,"end":true,"changes":[%s]}`, change)})
	}
	for _, data := range []string{"", "x", "[]", `{"server":1}`, `{"server":"` + strings.Repeat("x", 65) + `"}`} {
		a.note(&nats.Msg{Data: []byte(data)})
		a.handle(&nats.Msg{Data: []byte(data)})
	}
	if got := h.nicks(); len(got) > 0 {
		t.Errorf("there are %q", got)
	}
}

// TestClaims claims names at two servers.
func TestClaims(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, _ := start(t, servers)
	b, hubB := start(t, servers)
	claim := func(d *Directory, c directory.Claim) directory.Answer {
		t.Helper()
		answer, err := d.Claim(c)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	alice := directory.Claim{ID: "1", Skeletons: []string{"alice", "al1ce"}, Token: "token 1"}
	for range 2 {
		if !claim(a, alice).OK {
			t.Error("a name is not free, or not the claimant's")
		}
	}
	for _, c := range []directory.Claim{
		{ID: "2", Skeletons: []string{"alice"}, Token: "token 2"},
		{ID: "2", Skeletons: []string{"bob", "al1ce"}, Token: "token 2"},
		{ID: "2", Skeletons: []string{"alice"}, Token: "token 2", Proof: "token 3"},
	} {
		for _, d := range []*Directory{a, b} {
			if answer := claim(d, c); answer.OK || answer.Resumed {
				t.Errorf("%+v: %+v", c, answer)
			}
		}
	}
	if !claim(b, directory.Claim{ID: "3", Skeletons: []string{"bob"}, Token: "token 3"}).OK {
		t.Error("a name of which a claim failed is not free")
	}

	// An identity moves with its token.
	c := directory.Claim{ID: "4", Skeletons: alice.Skeletons, Token: "token 4", Proof: alice.Token}
	if answer := claim(b, c); answer != (directory.Answer{OK: true, Resumed: true, ID: "1", Server: a.id}) {
		t.Errorf("a resume: %+v", answer)
	}
	b.Moved(a.id, "1")
	await(t, "the other server ends the identity", func() bool { return !a.claims.has(key("alice"), "1") && b.claims.has(key("alice"), "1") })

	// A released name is free, and can be resumed.
	b.Release("1", alice.Skeletons)
	await(t, "a released name is free", func() bool {
		return claim(a, directory.Claim{ID: "5", Skeletons: []string{"alice"}, Token: "token 5"}).OK
	})
	if answer := claim(a, directory.Claim{ID: "6", Skeletons: []string{"al1ce"}, Token: "token 6", Proof: alice.Token}); !answer.OK || !answer.Resumed || answer.ID != "1" || answer.Server != "" {
		t.Errorf("a resume of a released name: %+v", answer)
	}

	// The names of a server that was lost are free.
	a.opt.Conn.Close()
	await(t, "the name of a lost server is free", func() bool {
		return claim(b, directory.Claim{ID: "7", Skeletons: []string{"alice"}, Token: "token 7"}).OK
	})
	if len(hubB.renamed) > 0 {
		t.Errorf("renamed: %q", hubB.renamed)
	}
}

// TestClaimRaces claims each name at two servers at once. One must get it.
func TestClaimRaces(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, _ := start(t, servers)
	b, _ := start(t, servers)
	for i := range 100 {
		var won [2]bool
		var both sync.WaitGroup
		for k, d := range []*Directory{a, b} {
			both.Go(func() {
				answer, err := d.Claim(directory.Claim{ID: fmt.Sprint(k, " ", i), Skeletons: []string{fmt.Sprint("a", i), fmt.Sprint("b", i)}, Token: fmt.Sprint(k, " ", i)})
				if err != nil {
					t.Error(err)
				}
				won[k] = answer.OK
			})
		}
		both.Wait()
		if won[0] == won[1] {
			t.Errorf("name %d: %v", i, won)
		}
	}
}

// TestPrivate sends private messages.
func TestPrivate(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, _ := start(t, servers)
	b, hubB := start(t, servers)
	p := directory.Private{From: "alice", To: "here", ToNick: "bob", Text: "psst"}
	await(t, "a message is delivered", func() bool { return a.Send(b.id, p) == nil })
	if got := hubB.received; len(got) == 0 || got[len(got)-1] != p {
		t.Errorf("delivered: %v", got)
	}
	gone := p
	gone.To = "gone"
	if err := a.Send(b.id, gone); !errors.Is(err, directory.ErrGone) {
		t.Errorf("to nobody: %v", err)
	}
	if err := a.Send("nowhere", p); !errors.Is(err, directory.ErrGone) {
		t.Errorf("to no server: %v", err)
	}
	hubB.mu.Lock()
	hubB.behind = true
	hubB.mu.Unlock()
	if err := a.Send(b.id, p); !errors.Is(err, directory.ErrBehind) {
		t.Errorf("to a member that is behind: %v", err)
	}
	n := len(hubB.received)
	for _, bad := range []directory.Private{{From: "a b", To: "here", ToNick: "bob", Text: "x"}, {From: "a", To: "here", ToNick: "bob", Text: "\x1b[2J"}} {
		if err := a.Send(b.id, bad); err == nil {
			t.Errorf("%v was delivered", bad)
		}
	}
	if len(hubB.received) != n {
		t.Error("the hub received what is not valid")
	}
}

// TestStolenName loses the connection of a server while another one takes one of its names. The identity must get another
// name when the connection is back.
func TestStolenName(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, hubA := start(t, servers)
	b, _ := start(t, servers)
	if answer, err := a.Claim(directory.Claim{ID: "1", Skeletons: []string{"alice"}, Token: "1"}); err != nil || !answer.OK {
		t.Fatal(answer, err)
	}
	bucket, err := b.claims.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.PutString(t.Context(), key("alice"), `{"server":"`+b.id+`","id":"2","token":"2"}`); err != nil {
		t.Fatal(err)
	}
	b.claims.mu.Lock()
	b.claims.owned[key("alice")] = &owned{id: "2"}
	b.claims.mu.Unlock()
	servers.Kill(0)
	servers.Start(0)
	await(t, "the identity gets another name", func() bool {
		hubA.mu.Lock()
		defer hubA.mu.Unlock()
		return slices.Equal(hubA.renamed, []string{"1"})
	})
	await(t, "the other name is taken", func() bool {
		answer, err := b.Claim(directory.Claim{ID: "3", Skeletons: []string{"guest 1"}, Token: "3"})
		b.Release("3", []string{"guest 1"})
		return err == nil && !answer.OK
	})
}

// TestUnreachable claims names without NATS.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, _ := start(t, servers)
	c := directory.Claim{ID: "1", Skeletons: []string{"alice"}, Token: "1"}
	servers.Kill(0)
	await(t, "the connection is lost", func() bool { return !a.opt.Conn.IsConnected() })
	if answer, err := a.Claim(c); err == nil || answer.OK {
		t.Errorf("%+v, %v", answer, err)
	}
	servers.Start(0)
	await(t, "a name can be taken", func() bool { answer, err := a.Claim(c); return err == nil && answer.OK })
}

// TestClaimLater takes names without NATS. When it is back, nobody else can take them, and an identity whose name was taken
// meanwhile gets another one.
func TestClaimLater(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, hubA := start(t, servers)
	b, _ := start(t, servers)
	claim := func(id, name string) directory.Claim {
		return directory.Claim{ID: id, Skeletons: []string{name}, Token: id}
	}
	if answer, err := b.Claim(claim("1", "taken")); err != nil || !answer.OK {
		t.Fatal(answer, err)
	}
	servers.Kill(0)
	await(t, "the connection is lost", func() bool { return !a.opt.Conn.IsConnected() })
	for id, name := range map[string]string{"2": "taken", "3": "free", "4": "released"} {
		c := claim(id, name)
		c.Later = true
		if answer, err := a.Claim(c); err == nil || answer.OK {
			t.Errorf("%+v, %v", answer, err)
		}
	}
	a.Release("4", []string{"released"})
	servers.Start(0)
	await(t, "an identity gets another name", func() bool {
		hubA.mu.Lock()
		defer hubA.mu.Unlock()
		return slices.Equal(hubA.renamed, []string{"2"})
	})
	for name, free := range map[string]bool{"free": false, "guest 2": false, "released": true} {
		await(t, name, func() bool {
			answer, err := b.Claim(claim("5", name))
			b.Release("5", []string{name})
			return err == nil && answer.OK == free
		})
	}
}

// FuzzNote gives a Directory messages of foreign programs.
func FuzzNote(f *testing.F) {
	f.Add([]byte(`{"server":"eve","number":1,"begin":true,"end":true,"changes":[{"kind":"joined","room":"lobby","id":"x","nick":"a"}]}`))
	f.Add([]byte(`{"kind":"private","private":{"from":"a","to":"b","to_nick":"c","text":"d"}}`))
	f.Add([]byte(`{"kind":"has","key":"k","id":"i"}`))
	nc := &nats.Conn{}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := New(Options{Conn: nc, Name: "fuzz", Log: slog.New(slog.DiscardHandler)})
		h := &fakeHub{there: make(map[string]directory.Member)}
		d.hub = h
		d.note(&nats.Msg{Data: data})
		d.handle(&nats.Msg{Data: data})
		for _, m := range h.there {
			if !isValid(&directory.Change{Kind: directory.Joined, Member: m}) {
				t.Errorf("%+v", m)
			}
		}
	})
}
