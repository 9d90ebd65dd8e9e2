package hub_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// welcomed connects a JSON client, and returns its welcome.
func (h *testHub) welcomed(caller hub.Caller) (*client, event) {
	h.Helper()
	caller.Format = wire.JSON
	c := h.connect(caller)
	events := c.events()
	if len(events) == 0 || events[0].Type != "welcome" || events[0].Token == "" || events[0].Resumed {
		h.Fatalf("the first events are %+v", events)
	}
	return c, events[0]
}

// resume connects a client that resumes with the fields of a request, and returns its second
// welcome and what follows.
func (h *testHub) resume(format string, args ...any) (*client, event, []event) {
	h.Helper()
	c, _ := h.welcomed(hub.Caller{})
	c.send(fmt.Sprintf(`{"type":"resume","ref":"r",`+format+`}`, args...))
	events := c.events()
	if len(events) == 0 || events[0].Type != "welcome" || events[0].Ref != "r" {
		h.Fatalf("a resume is answered with %+v", events)
	}
	return c, events[0], events[1:]
}

func TestResumeTakesOverNameAndRoom(t *testing.T) {
	var log bytes.Buffer
	withHub(t, hub.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, func(h *testHub) {
		bob := h.join(hub.Caller{Nick: "bob", Room: "ops"})
		old, welcome := h.welcomed(hub.Caller{Nick: "alice", Room: "ops"})
		old.send(`{"type":"say","text":"one"}`, `{"type":"say","text":"two"}`)
		old.Received()
		bob.expect("* alice has arrived", "alice: one", "alice: two")

		alice, again, rest := h.resume(`"token":%q,"since":1`, welcome.Token)
		if again.Nick != "alice" || again.Room != "ops" || !again.Resumed || again.Token != welcome.Token || again.Count != 2 {
			h.Errorf("the welcome is %+v", again)
		}
		if len(rest) != 1 || rest[0].Type != "message" || rest[0].Text != "two" {
			h.Errorf("after the welcome came %+v", rest)
		}
		if events := old.events(); len(events) != 1 || events[0].Type != "bye" || events[0].Reason != "resumed" || events[0].Reconnect {
			h.Errorf("the old connection received %+v", events)
		}
		if why := old.wait(); !errors.Is(why, hub.ErrResumed) {
			h.Errorf("the old connection ended with %v", why)
		}
		alice.send(`{"type":"say","text":"three"}`)
		bob.send("/msg alice psst", "/who")
		bob.expect("alice: three", "you -> alice: psst", "= bob, alice")
		if events := alice.events(); len(events) != 2 || events[1].Type != "private" {
			h.Errorf("alice received %+v", events)
		}
		alice.send(`{"type":"quit"}`)
		bob.expect("* alice has left")
		if strings.Contains(log.String(), welcome.Token) {
			h.Error("the log has the token")
		}
		for _, line := range []string{"member joined", "member left"} {
			if n := strings.Count(log.String(), line+`" nick=alice`); n != 2 {
				h.Errorf("the log has %q %d times", line, n)
			}
		}
	})
}

// What a member says after a resume comes after what the server has read from its last connection.
func TestResumeKeepsOrder(t *testing.T) {
	for _, room := range []string{"lobby", "ops"} {
		withManualJournal(t, func(h *testHub, j *manualJournal) {
			old, welcome := h.welcomed(hub.Caller{Nick: "alice"})
			old.send(`{"type":"say","text":"one","key":"1"}`)
			alice, _, _ := h.resume(`"token":%q,"room":%q`, welcome.Token, room)
			alice.send(`{"type":"say","text":"two","key":"2"}`)
			if n := j.countPending(); n != 1 {
				h.Errorf("%s: %d messages are uncommitted", room, n)
			}
			j.commit(history.Result{Err: errors.New("no space")})
			if n := j.countPending(); n != 1 {
				h.Errorf("%s: then %d messages are uncommitted", room, n)
			}
			j.commitAll()
			said := func(e event) bool { return e.Type == "message" && e.Text == "two" }
			if got := alice.events(); len(got) != 2 || !slices.ContainsFunc(got, said) {
				h.Errorf("%s: it received %+v", room, got)
			}
		})
	}
}

func TestResumeInAnotherRoom(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob, carol := h.named("bob"), h.join(hub.Caller{Nick: "carol", Room: "ops"})
		_, welcome := h.welcomed(hub.Caller{Nick: "alice"})
		bob.Received()
		_, again, _ := h.resume(`"token":%q,"room":"OPS","nick":"ignored"`, welcome.Token)
		if again.Nick != "alice" || again.Room != "ops" {
			h.Errorf("the welcome is %+v", again)
		}
		bob.expect("* alice has left")
		carol.expect("* alice has arrived")
	})
}

// A guest that comes back within two minutes is the same guest.
func TestResumeAfterLeaving(t *testing.T) {
	for _, c := range []struct {
		away time.Duration
		same bool
	}{{0, true}, {119 * time.Second, true}, {121 * time.Second, false}} {
		withHub(t, hub.Options{}, func(h *testHub) {
			guest, welcome := h.welcomed(hub.Caller{Room: "ops"})
			guest.send(`{"type":"quit"}`)
			time.Sleep(c.away)
			_, again, _ := h.resume(`"token":%q`, welcome.Token)
			same := again.Nick == welcome.Nick && again.Room == "ops" && again.Resumed && again.Token == welcome.Token
			if same != c.same {
				h.Errorf("after %v: first %+v, then %+v", c.away, welcome, again)
			}
		})
	}
}

func TestResumeWhenTheNameIsTaken(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, welcome := h.welcomed(hub.Caller{Nick: "alice"})
		alice.send(`{"type":"quit"}`)
		h.named("Alice")
		alice, again, rest := h.resume(`"token":%q`, welcome.Token)
		if !again.Resumed || !strings.HasPrefix(again.Nick, "guest-") || again.Token != welcome.Token {
			h.Errorf("the welcome is %+v", again)
		}
		if len(rest) != 1 || rest[0].Code != "nick_taken" {
			h.Errorf("after the welcome came %+v", rest)
		}
		alice.send(`{"type":"nick","nick":"ally"}`)
		if _, third, _ := h.resume(`"token":%q`, welcome.Token); third.Nick != "ally" {
			h.Errorf("the second resume is %+v", third)
		}
	})
}

// A token that is not valid is ignored.
func TestResumeWithoutAToken(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob := h.named("bob")
		for _, token := range []string{``, `"token":"",`, `"token":"NOSUCHTOKEN",`} {
			alice, welcome, rest := h.resume(token + `"nick":"alice"`)
			if welcome.Nick != "alice" || welcome.Room != "lobby" || welcome.Resumed || welcome.Token == "" || len(rest) != 0 {
				h.Errorf("%s: %+v, %+v", token, welcome, rest)
			}
			alice.send(`{"type":"quit"}`)
			bob.expect("* alice has arrived", "* alice has left")
		}
		_, welcome, rest := h.resume(`"nick":"bob","room":"no room"`)
		if !strings.HasPrefix(welcome.Nick, "guest-") || welcome.Room != "lobby" || len(rest) != 2 || rest[0].Code != "nick_taken" || rest[1].Code != "room_invalid" {
			h.Errorf("%+v, %+v", welcome, rest)
		}
	})
}

func TestResumeIsTheFirstRequest(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, welcome, _ := h.resume(`"nick":"alice"`)
		alice.send(fmt.Sprintf(`{"type":"resume","token":%q,"ref":"again"}`, welcome.Token))
		bob, _ := h.welcomed(hub.Caller{Nick: "bob"})
		bob.send(`{"type":"who"}`, fmt.Sprintf(`{"type":"resume","token":%q,"ref":"late"}`, welcome.Token))
		for _, c := range []*client{alice, bob} {
			if events := c.events(); !slices.ContainsFunc(events, func(e event) bool { return e.Code == "bad_request" }) {
				h.Errorf("received %+v", events)
			}
		}
		guest := h.named("")
		guest.send("/format json", `{"type":"resume","nick":"carol"}`)
		if events := guest.Received(); !strings.Contains(events[len(events)-1], `"nick":"carol"`) {
			h.Errorf("after /format json: %q", events)
		}
	})
}

// A client that resumes within ten seconds is not announced as a guest, and one that comes later leaves as one.
func TestResumeOfASilentMember(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob := h.named("bob")
		alice := h.connect(hub.Caller{})
		alice.send("/format json", `{"type":"resume","nick":"alice"}`)
		bob.expect("* alice has arrived")
		slow, _ := h.welcomed(hub.Caller{})
		time.Sleep(9900 * time.Millisecond)
		slow.send(`{"type":"resume","nick":"slow"}`)
		bob.expect("* slow has arrived")
		carol, welcome := h.welcomed(hub.Caller{})
		time.Sleep(11 * time.Second)
		carol.send(`{"type":"resume","nick":"carol"}`)
		bob.expect("* "+welcome.Nick+" has arrived", "* "+welcome.Nick+" has left", "* carol has arrived")
	})
}

// A client shares its name among connections, one for each room.
func TestResumeShares(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob, carol := h.named("bob"), h.join(hub.Caller{Nick: "carol", Room: "ops"})
		first, welcome := h.welcomed(hub.Caller{Nick: "alice"})
		second, again, _ := h.resume(`"token":%q,"room":"ops","share":true`, welcome.Token)
		if again.Nick != "alice" || again.Room != "ops" || !again.Resumed {
			h.Errorf("the welcome is %+v", again)
		}
		first.send(`{"type":"say","text":"here"}`)
		second.send(`{"type":"say","text":"there"}`)
		bob.expect("* alice has arrived", "alice: here")
		carol.expect("* alice has arrived", "alice: there")

		mallory := h.join(hub.Caller{Nick: "mallory", Room: "hall"})
		second.send(`{"type":"nick","nick":"ally"}`)
		bob.expect("* alice is now known as ally")
		carol.expect("* alice is now known as ally")
		mallory.send("/nick a1ly", "/nick alice")
		mallory.expect("! a1ly is taken", "* mallory is now known as alice")
		first.Received()

		first.send(`{"type":"join","room":"ops"}`) // replaces the second connection, which is there
		if why := second.wait(); !errors.Is(why, hub.ErrResumed) {
			h.Errorf("the second connection ended with %v", why)
		}
		first.send(`{"type":"say","text":"moved"}`)
		bob.expect("* ally has left")
		carol.expect("ally: moved")
		first.send(`{"type":"quit"}`)
		carol.expect("* ally has left")
		mallory.send("/nick ally")
		mallory.expect("* alice is now known as ally")
	})
}

func TestSharingARoomThatIsRefused(t *testing.T) {
	withHub(t, hub.Options{Limits: admission.Limits{Rooms: 2}}, func(h *testHub) {
		bob := h.named("bob")
		old, welcome := h.welcomed(hub.Caller{Nick: "alice", Room: "ops"})
		bob.Received()
		for room, code := range map[string]string{"a b": "room_invalid", "full": "unavailable"} {
			c, _ := h.welcomed(hub.Caller{})
			c.send(fmt.Sprintf(`{"type":"resume","token":%q,"room":%q,"share":true,"ref":"r"}`, welcome.Token, room))
			if events := c.events(); len(events) != 1 || events[0].Type != "error" || events[0].Code != code || events[0].Ref != "r" {
				h.Errorf("for the room %s the answer is %+v", room, events)
			}
		}
		if events := old.events(); len(events) != 0 {
			h.Errorf("the connection in the other room received %+v", events)
		}
		bob.send("/msg alice psst")
		bob.expect("you -> alice: psst")
	})
}

func TestSharingIsBounded(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		_, welcome := h.welcomed(hub.Caller{Nick: "alice"})
		for i := 1; i < 32; i++ {
			if _, again, _ := h.resume(`"token":%q,"room":"r%d","share":true`, welcome.Token, i); again.Nick != "alice" {
				h.Fatalf("connection %d: %+v", i, again)
			}
		}
		_, again, rest := h.resume(`"token":%q,"room":"r0","share":true`, welcome.Token)
		if again.Resumed || !strings.HasPrefix(again.Nick, "guest-") || len(rest) != 1 || rest[0].Code != "unavailable" {
			h.Errorf("one more: %+v, %+v", again, rest)
		}
		_, again, _ = h.resume(`"token":%q`, welcome.Token)
		if again.Nick != "alice" || h.hub.Members() != 2 {
			h.Errorf("after all: %+v, %d members", again, h.hub.Members())
		}
	})
}

// A connection that nothing is read from any more does not delay the one that replaces it.
func TestResumeDoesNotWaitForTheOldConnection(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob := h.named("bob")
		old, welcome := h.welcomed(hub.Caller{Nick: "alice"})
		old.Freeze()
		for range 300 {
			old.Say(`{"type":"who"}`) // its session waits until it can write the answers
		}
		alice, again, _ := h.resume(`"token":%q`, welcome.Token)
		if again.Nick != "alice" {
			h.Errorf("the welcome is %+v", again)
		}
		alice.send(`{"type":"say","text":"hello"}`)
		bob.expect("* alice has arrived", "alice: hello")
		if why := old.wait(); !errors.Is(why, hub.ErrSlow) && !errors.Is(why, hub.ErrResumed) {
			h.Errorf("the old connection ended with %v", why)
		}
		bob.expect()
	})
}

// Clients resume, share, move, rename and leave at once, with the tokens of others too. In each room
// an observer checks that no name arrives twice and that none leaves that is not there, and in the
// end that its list is the server's, and that nobody else can take the names in it.
func TestResumeStress(t *testing.T) {
	rooms := []string{"lobby", "ops", "hall"}
	for seed := range uint64(50) {
		withHub(t, hub.Options{}, func(h *testHub) {
			observers := make(map[string]*client)
			for _, room := range rooms {
				observers[room] = h.join(hub.Caller{Nick: "observer-" + room, Room: room})
			}
			var tokens []string
			for i := range 4 {
				_, welcome := h.welcomed(hub.Caller{Nick: fmt.Sprint("first", i)})
				tokens = append(tokens, welcome.Token)
			}
			var all []*client
			for range 8 {
				c, welcome := h.welcomed(hub.Caller{})
				all = append(all, c)
				tokens = append(tokens, welcome.Token)
			}
			var group sync.WaitGroup
			for i, c := range all {
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				group.Go(func() {
					c.Say(fmt.Sprintf(`{"type":"resume","token":%q,"nick":"n%d","room":%q,"share":%t}`,
						tokens[random.IntN(len(tokens))], random.IntN(6), rooms[random.IntN(len(rooms))], random.IntN(3) > 0))
					for range random.IntN(5) {
						c.Say([]string{
							fmt.Sprintf(`{"type":"join","room":%q}`, rooms[random.IntN(len(rooms))]),
							fmt.Sprintf(`{"type":"nick","nick":"n%d"}`, random.IntN(6)),
							`{"type":"say","text":"hello"}`,
						}[random.IntN(3)])
					}
					if random.IntN(3) == 0 {
						c.Leave()
					}
				})
			}
			group.Wait()
			synctest.Wait()
			for room, o := range observers {
				checkRoster(h, seed, room, o)
			}
		})
	}
}

// checkRoster checks the presence that an observer received against the members of its room.
func checkRoster(h *testHub, seed uint64, room string, o *client) {
	h.Helper()
	present := make(map[string]bool)
	change := func(line, nick string, arrives bool) {
		if present[nick] == arrives {
			h.Errorf("seed %d: #%s receives %q, and has %v", seed, room, line, present)
		}
		present[nick] = arrives
	}
	for _, line := range o.Received() {
		words := strings.Fields(line)
		switch {
		case words[0] != "*":
		case strings.HasSuffix(line, "has arrived"):
			change(line, words[1], true)
		case strings.HasSuffix(line, "has left"):
			change(line, words[1], false)
		case strings.Contains(line, "is now known as"):
			change(line, words[1], false)
			change(line, words[len(words)-1], true)
		}
	}
	o.send("/who")
	listed := strings.Split(strings.TrimPrefix(o.Received()[0], "= "), ", ")
	var want []string
	for nick, here := range present {
		if here {
			want = append(want, nick)
		}
	}
	want = append(want, "observer-"+room)
	slices.Sort(listed)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		h.Errorf("seed %d: #%s lists %q, and its observer %q", seed, room, listed, want)
	}
	for nick, here := range present {
		if here {
			o.send("/nick " + nick)
			o.expect("! " + nick + " is taken")
		}
	}
}

// A connection that takes another token leaves its name to the connections that have it by then.
func TestResumeElsewhereAfterAnotherResumed(t *testing.T) {
	for _, share := range []bool{true, false} {
		withHub(t, hub.Options{}, func(h *testHub) {
			old, carol := h.welcomed(hub.Caller{Nick: "carol"})
			first, alice := h.welcomed(hub.Caller{Nick: "alice"})
			first.Freeze() // so that its resume waits for it
			for range 100 {
				h.named("carl").send("/quit " + strings.Repeat("x", 1000))
			}
			first.Say(fmt.Sprintf(`{"type":"resume","token":%q}`, carol.Token))
			synctest.Wait()
			_, again, _ := h.resume(`"token":%q,"room":"ops","share":%t`, alice.Token, share)
			if again.Nick != "alice" {
				h.Fatalf("share %t: the second connection is %s", share, again.Nick)
			}
			first.Thaw()
			mallory := h.join(hub.Caller{Nick: "mallory", Room: "ops"})
			mallory.send("/nick alice", "/msg alice psst", "/msg carol psst")
			mallory.expect("! alice is taken", "you -> alice: psst", "you -> carol: psst")
			told := slices.ContainsFunc(old.events(), func(e event) bool { return e.Type == "private" })
			if told == share { // without share the first connection has ended when it takes the token
				h.Errorf("share %t: the old connection of carol gets private messages: %t", share, told)
			}
			if _, third, _ := h.resume(`"token":%q`, alice.Token); !third.Resumed || third.Nick != "alice" {
				h.Errorf("share %t: the token leads to %+v", share, third)
			}
		})
	}
}

// A member that has been replaced says nothing more: another member may have its name by now.
func TestReplacedMemberIsSilent(t *testing.T) {
	for _, line := range []string{`{"type":"say","text":"hello"}`, `{"type":"msg","to":"alice","text":"psst"}`} {
		withHub(t, hub.Options{}, func(h *testHub) { testReplacedMember(h, line) })
	}
}

func testReplacedMember(h *testHub, line string) {
	old, welcome := h.welcomed(hub.Caller{Nick: "alice"})
	bob := h.named("bob")
	old.Freeze()
	for range 300 {
		bob.send("/msg alice " + strings.Repeat("x", 1000))
	}
	old.Say(line) // its session waits until it could write an answer
	synctest.Wait()
	second, _, _ := h.resume(`"token":%q`, welcome.Token)
	second.send(`{"type":"nick","nick":"ally"}`)
	alice := h.named("alice")
	old.Thaw()
	if why := old.wait(); !errors.Is(why, hub.ErrResumed) {
		h.Errorf("the old connection ended with %v", why)
	}
	alice.expect()
}

// A connection whose resume gives it another name gives that name to the connections that share its own.
func TestResumeRenamesOthers(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob := h.join(hub.Caller{Nick: "bob", Room: "ops"})
		first, alice := h.welcomed(hub.Caller{Nick: "alice"})
		h.resume(`"token":%q,"room":"ops","share":true`, alice.Token)
		first.send(`{"type":"resume","nick":"ally"}`)
		bob.send("/nick alice", "/msg ally psst")
		bob.expect("* alice has arrived", "* alice is now known as ally", "* bob is now known as alice", "you -> ally: psst")
	})
}

// A member that the others do not see yet gets a new name without their knowing.
func TestRenameOfASilentMember(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob := h.named("bob")
		silent, welcome := h.welcomed(hub.Caller{})
		second, _, _ := h.resume(`"token":%q,"room":"ops","share":true`, welcome.Token)
		second.send(`{"type":"nick","nick":"alice"}`)
		if lines := silent.Received(); len(lines) != 1 || !strings.Contains(lines[0], `"to":"alice"`) {
			h.Errorf("the silent member received %q", lines)
		}
		bob.expect()
		time.Sleep(11 * time.Second)
		bob.expect("* alice has arrived")
	})
}
