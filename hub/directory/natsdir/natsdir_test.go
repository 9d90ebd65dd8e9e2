package natsdir

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/admission"
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
	named    []string
	received []directory.Private
	behind   bool
	uses     []admission.Use
	noted    map[string][]admission.Use // by server
}

func (h *fakeHub) Members() []directory.Member {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.own)
}

func (h *fakeHub) Apply(server string, c directory.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch key := server + " " + c.Room + " " + c.ID; c.Kind {
	case directory.Named:
		h.named = append(h.named, c.Nick)
	case directory.Left:
		delete(h.there, key)
	default:
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

func (h *fakeHub) Rename(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.renamed = append(h.renamed, id)
}

func (h *fakeHub) Uses() []admission.Use {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.uses)
}

func (h *fakeHub) NoteUses(server string, uses []admission.Use) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if uses == nil {
		delete(h.noted, server)
	} else {
		h.noted[server] = uses
	}
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
	return startWith(t, servers, 1)
}

// startWith is start with a number of replicas.
func startWith(t testing.TB, servers *natstest.Servers, replicas int) (*Directory, *fakeHub) {
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
	d := New(Options{Conn: nc, Stream: js, Name: "test", Replicas: replicas, Log: slog.New(slog.DiscardHandler)})
	h := &fakeHub{there: make(map[string]directory.Member), noted: make(map[string][]admission.Use)}
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
	await(t, "the servers find each other", func() bool { return a.Figures().Servers == 1 && b.Figures().Servers == 1 })
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
	if f := c.Figures(); f != (Figures{}) {
		t.Errorf("without other servers, the figures are %+v", f)
	}
}

// TestPresenceAge silences a server. The other one measures for how long, until the server counts as gone.
func TestPresenceAge(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, _ := start(t, servers)
	b, _ := start(t, servers)
	start(t, servers) // beats all the time
	await(t, "the servers find each other", func() bool { return a.Figures().Servers == 2 })
	b.opt.Conn.Close()
	var oldest time.Duration
	await(t, "the server is gone", func() bool {
		f := a.Figures()
		if f.Servers == 2 {
			oldest = max(oldest, f.PresenceAge)
		}
		return f.Servers == 1
	})
	if oldest <= goneTime/2 {
		t.Errorf("the age was %v at most", oldest)
	}
	await(t, "the other server is heard", func() bool { return a.Figures().PresenceAge <= beatInterval })
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

// TestUses has two servers exchange what addresses use, until one of them ends.
func TestUses(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	d, a := start(t, servers)
	_, b := start(t, servers)
	uses := []admission.Use{{Addr: netip.MustParseAddr("192.0.2.1"), Members: 3, NewRooms: 1}, {Addr: netip.MustParseAddr("2001:db8::"), Arrivals: 9}}
	set := func(uses []admission.Use) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.uses = uses
	}
	noted := func() []admission.Use {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.noted[d.id]
	}
	set(uses)
	await(t, "the uses are noted", func() bool { return slices.Equal(noted(), uses) })
	set(nil)
	await(t, "there are no uses any more", func() bool { return noted() == nil })
	set(make([]admission.Use, maxUses+1))
	await(t, "many uses are noted in part", func() bool { return len(noted()) == maxUses })
	d.Close()
	await(t, "the uses of a server that is gone are dropped", func() bool { return noted() == nil })
}

// TestList starts servers beside one with many members, while more join and some leave. They must have all that are left.
func TestList(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, h := start(t, servers)
	const before, later = 3 * pageSize, 400
	for i := range before {
		h.own = append(h.own, directory.Member{Room: "lobby", ID: fmt.Sprint("id-", i), Nick: fmt.Sprint("early-", i)})
	}
	var others []*fakeHub
	for i := range later {
		if i%(later/4) == 0 {
			_, other := start(t, servers)
			others = append(others, other)
		}
		h.join(a, fmt.Sprint("late-", i))
		h.mu.Lock()
		gone := h.own[i]
		h.own = slices.Delete(h.own, i, i+1)
		h.mu.Unlock()
		a.Publish(directory.Change{Kind: directory.Left, Member: gone})
	}
	var want []string
	for _, m := range h.Members() {
		want = append(want, m.Nick)
	}
	slices.Sort(want)
	for i, other := range others {
		await(t, fmt.Sprintf("server %d has all members", i), func() bool { return slices.Equal(other.nicks(), want) })
	}
	for _, r := range []request{{List: "unknown"}, {Page: -1}, {Page: before}} {
		r.Kind = kindMembers
		if answer, err := a.ask(t.Context(), a.id, &r, patience); err != nil || answer.OK {
			t.Errorf("the answer to %+v is %+v, %v", r, answer, err)
		}
	}
}

// meet makes a server known that has no members.
func meet(d *Directory, id string) {
	d.others.mu.Lock()
	defer d.others.mu.Unlock()
	d.others.servers[id] = &server{id: id, known: true, heard: time.Now()}
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
		meet(a, "eve")
		a.note(t.Context(), &nats.Msg{Data: fmt.Appendf(nil, `{"server":"eve","number":1,"changes":[%s]}`, change)})
	}
	for _, data := range []string{"", "x", "[]", `{"server":1}`, `{"server":"` + strings.Repeat("x", 65) + `"}`} {
		a.note(t.Context(), &nats.Msg{Data: []byte(data)})
		a.handle(&nats.Msg{Data: []byte(data)})
	}
	if got := h.nicks(); len(got) > 0 {
		t.Errorf("there are %q", got)
	}
}

// TestLaterVersion has a server of a later version, which publishes fields and kinds that this one does not know. It
// ignores those, and nothing else.
func TestLaterVersion(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, h := start(t, servers)
	nc := servers.JetStream().Conn()
	const member = `"room":"lobby","id":"id-%[1]s","nick":"%[1]s","new":{"a":1}`
	var lists atomic.Int64 // requests for the list of members
	list := func(names ...string) []byte {
		var members []string
		for _, name := range names {
			members = append(members, fmt.Sprintf(`{`+member+`}`, name))
		}
		return fmt.Appendf(nil, `{"ok":true,"list":"l","new":1,"number":1,"members":[%s]}`, strings.Join(members, ","))
	}
	answers, err := nc.Subscribe(serverSubject("test", "later"), func(m *nats.Msg) {
		switch {
		case strings.Contains(string(m.Data), `"kind":"members"`) && lists.Add(1) == 1:
			m.Respond(list("alice"))
		case strings.Contains(string(m.Data), `"kind":"members"`):
			m.Respond(list("alice", "bob", "carol"))
		case strings.Contains(string(m.Data), `"kind":"has"`):
			m.Respond([]byte(`{"ok":true,"new":[1]}`))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Unsubscribe()
	publish := func(format string, args ...any) {
		t.Helper()
		if err := nc.Publish(a.changesSubject(), fmt.Appendf(nil, format, args...)); err != nil {
			t.Fatal(err)
		}
	}
	publish(`{"server":"later","number":1,"new":1}`)
	await(t, "the list is there", func() bool { return slices.Equal(h.nicks(), []string{"alice"}) })
	publish(`{"server":"later","number":3,"changes":[{"kind":"new",`+member+`},{"kind":"joined",`+member+`}]}`, "bob")
	publish(`{"server":"later","number":3,"kind":"new"}`)
	publish(`{"server":"later","number":4,"changes":[{"kind":"joined",`+member+`}]}`, "carol")
	await(t, "the members are there", func() bool { return slices.Equal(h.nicks(), []string{"alice", "bob", "carol"}) })
	publish(`{"server":"later","kind":"new"}`)
	if n := lists.Load(); n > 1 {
		t.Errorf("the list was requested %d times, as if changes were missing", n)
	}
	publish(`{"server":"later","number":9,"kind":"new"}`)
	await(t, "the list is requested", func() bool { return lists.Load() == 2 })
	if got := h.nicks(); len(got) != 3 {
		t.Errorf("then there are %q", got)
	}

	for request, want := range map[string]string{
		`{"kind":"new"}`: `{"ok":false}`,
		`{"kind":"private","new":1,"private":{"from":"a","to":"here","to_nick":"b","text":"c","new":1}}`: `{"ok":true}`,
	} {
		m, err := nc.Request(a.serverSubject(a.id), []byte(request), patience)
		if err != nil || string(m.Data) != want {
			t.Errorf("%s is answered with %v, %v", request, m, err)
		}
	}

	bucket, err := a.claims.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.PutString(t.Context(), key("dave"), `{"server":"later","id":"1","token":"1","new":1}`); err != nil {
		t.Fatal(err)
	}
	if answer, err := a.Claim(directory.Claim{ID: "2", Skeletons: []string{"dave"}, Token: "2"}); err != nil || answer.OK {
		t.Errorf("a name of the later version is free: %+v, %v", answer, err)
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

// TestReplicas changes the number of replicas of the bucket. A server alone can't have three of them, and takes names
// nevertheless.
func TestReplicas(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{1: 1, 3: 3} {
		servers := natstest.Start(t, n, "")
		for i, replicas := range []int{1, 3} {
			d, _ := startWith(t, servers, replicas)
			name := fmt.Sprint("name", i)
			await(t, name+" is taken", func() bool {
				a, err := d.Claim(directory.Claim{ID: name, Skeletons: []string{name}, Token: name})
				return err == nil && a.OK
			})
		}
		bucket, err := servers.JetStream().Stream(t.Context(), "KV_"+Bucket("test"))
		if err != nil {
			t.Fatal(err)
		}
		if got := bucket.CachedInfo().Config.Replicas; got != want {
			t.Errorf("with %d NATS servers the bucket has %d replicas", n, got)
		}
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

// TestClaimLater claims names while NATS is not there. They are taken when it is back: one of two identities that have claimed
// the same name at two servers gets another one.
func TestClaimLater(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, hubA := start(t, servers)
	b, hubB := start(t, servers)
	servers.Kill(0)
	for _, d := range []*Directory{a, b} {
		await(t, "the connection is lost", func() bool { return !d.opt.Conn.IsConnected() })
	}
	claim := func(d *Directory, id, name string) bool {
		t.Helper()
		answer, err := d.Claim(directory.Claim{ID: id, Skeletons: []string{name}, Token: id, Later: true})
		if err != nil {
			t.Fatal(err)
		}
		return answer.OK
	}
	for range 2 {
		if !claim(a, "1", "alice") {
			t.Error("a server without a store refuses a name")
		}
	}
	if claim(a, "2", "alice") {
		t.Error("a server without a store gives a name twice")
	}
	if !claim(a, "3", "carol") || !claim(b, "4", "carol") {
		t.Error("a server without a store refuses a name")
	}
	renamed := func() []string {
		hubA.mu.Lock()
		defer hubA.mu.Unlock()
		hubB.mu.Lock()
		defer hubB.mu.Unlock()
		return slices.Concat(hubA.renamed, hubB.renamed)
	}
	servers.Start(0)
	await(t, "one of two identities with a name is renamed", func() bool { return len(renamed()) > 0 })
	await(t, "all names are claimed", func() bool {
		later := func(o *owned) bool { return o.later }
		return len(a.claims.ownedIf(later))+len(b.claims.ownedIf(later)) == 0
	})
	if claim(b, "5", "alice") {
		t.Error("another server gets the name")
	}
	if got := renamed(); !slices.Equal(got, []string{"3"}) && !slices.Equal(got, []string{"4"}) {
		t.Errorf("renamed: %q", got)
	}
}

// TestFirstClaims claims the first names of a cluster at three servers at once. All of them must be given.
func TestFirstClaims(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 3, "")
	var claiming sync.WaitGroup
	for i := range 3 {
		d, _ := startWith(t, servers, 3)
		claiming.Go(func() {
			for k := range 10 {
				id := fmt.Sprint(i, "-", k)
				if answer, err := d.Claim(directory.Claim{ID: id, Skeletons: []string{"name-" + id}, Token: id}); err != nil || !answer.OK {
					t.Errorf("name %s: %+v, %v", id, answer, err)
				}
			}
		})
	}
	claiming.Wait()
}

// TestRenew has an identity on two servers, one of which gives its name up. The other one keeps it.
func TestRenew(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	a, _ := start(t, servers)
	b, _ := start(t, servers)
	c := directory.Claim{ID: "1", Skeletons: []string{"alice"}, Token: "secret"}
	if answer, err := a.Claim(c); err != nil || !answer.OK {
		t.Fatal(answer, err)
	}
	if answer, err := b.Claim(directory.Claim{ID: "2", Skeletons: c.Skeletons, Token: "other", Proof: c.Token}); err != nil || !answer.Resumed || answer.ID != c.ID {
		t.Fatal(answer, err)
	}
	isFree := func() (free bool) {
		bucket, err := a.claims.store(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		e, _, err := read(t.Context(), bucket, key("alice"))
		if err != nil || e == nil {
			t.Fatal(e, err)
		}
		return e.Free
	}
	b.Release(c.ID, c.Skeletons)
	await(t, "the entry is free", isFree)
	a.Renew(c.ID)
	await(t, "the entry is not free", func() bool { return !isFree() })
	if answer, err := b.Claim(directory.Claim{ID: "3", Skeletons: c.Skeletons, Token: "third"}); err != nil || answer.OK {
		t.Errorf("another identity gets the name: %+v, %v", answer, err)
	}
}

// FuzzNote gives a Directory messages of foreign programs.
func FuzzNote(f *testing.F) {
	f.Add([]byte(`{"server":"eve","number":1,"changes":[{"kind":"joined","room":"lobby","id":"x","nick":"a"}]}`))
	f.Add([]byte(`{"kind":"private","private":{"from":"a","to":"b","to_nick":"c","text":"d"}}`))
	f.Add([]byte(`{"kind":"has","key":"k","id":"i"}`))
	nc := &nats.Conn{}
	ctx, stop := context.WithCancel(f.Context()) // no list is requested
	stop()
	f.Fuzz(func(t *testing.T, data []byte) {
		d := New(Options{Conn: nc, Name: "fuzz", Log: slog.New(slog.DiscardHandler)})
		h := &fakeHub{there: make(map[string]directory.Member), noted: make(map[string][]admission.Use)}
		d.hub = h
		meet(d, "eve")
		d.note(ctx, &nats.Msg{Data: data})
		d.handle(&nats.Msg{Data: data})
		for _, m := range h.there {
			if !isValid(&directory.Change{Kind: directory.Joined, Member: m}) {
				t.Errorf("%+v", m)
			}
		}
	})
}
