package hub_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/directory"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// withHubs runs a test in a bubble with n hubs that share a journal and their members.
func withHubs(t *testing.T, n int, test func(net *hub.FakeNet, hubs []*testHub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := hub.NewFakeNet()
		var hubs []*testHub
		for i := range n {
			o := hub.Options{Directory: net.Add(fmt.Sprint("server ", i)), Replay: -1, Journal: history.NewMemory(history.Retention{Messages: 100})}
			hubs = append(hubs, &testHub{t, hub.New(o)})
		}
		test(net, hubs)
		for _, h := range hubs {
			if err := h.hub.Shutdown(context.Background()); err != nil {
				t.Errorf("shutdown: %v", err)
			}
		}
		net.Close()
	})
}

// TestPeers follows a member of another server through all that it does.
func TestPeers(t *testing.T) {
	withHubs(t, 2, func(_ *hub.FakeNet, hubs []*testHub) {
		alice, bob := hubs[0].named("alice"), hubs[1].named("bob")
		alice.expect("* bob has arrived")
		bob.send("/who", "/rooms", "/msg ALICE psst", "/msg nobody psst")
		bob.expect("= bob, alice", "= lobby (2)", "you -> alice: psst", "! nobody here is called nobody")
		alice.expect("bob -> you: psst")
		bob.send("/nick robert")
		bob.expect("* bob is now known as robert")
		alice.expect("* bob is now known as robert")
		bob.send("/join ops")
		bob.expect("* You are robert in #ops, alone (1 here). /help lists the commands.")
		alice.expect("* robert has left")
		alice.send("/rooms")
		alice.expect("= lobby (1), ops (1)")
		alice.send("/join ops")
		alice.expect("* You are alice in #ops, with robert (2 here). /help lists the commands.")
		bob.expect("* alice has arrived")
		bob.send("/quit bye")
		alice.expect("* robert has left (bye)")
		alice.send("/who", "/msg robert psst")
		alice.expect("= alice", "! nobody here is called robert")
	})
}

// TestPeerNames takes names that members of another server have, and some that look the same.
func TestPeerNames(t *testing.T) {
	withHubs(t, 2, func(net *hub.FakeNet, hubs []*testHub) {
		alice := hubs[0].named("alice")
		bob := hubs[1].named("bob")
		alice.expect("* bob has arrived")
		bob.send("/nick alice", "/nick ALICE", "/nick al1ce")
		bob.expect("! alice is taken", "! ALICE is taken", "! al1ce is taken")
		carol := hubs[1].connect(hub.Caller{Nick: "alice"})
		synctest.Wait()
		if got := strings.Join(carol.Received(), "\n"); !strings.Contains(got, "! alice is taken") || !strings.Contains(got, "You are guest-") {
			t.Errorf("a client with a taken name received %q", got)
		}
		alice.Received()
		bob.Received()
		alice.send("/nick anna")
		bob.expect("* alice is now known as anna")
		bob.send("/nick alice")
		bob.expect("* bob is now known as alice")
		alice.Received()
		carol.Received()

		// Without the others no name can be taken, but guests get one.
		net.Mu.Lock()
		net.Unreachable = true
		net.Mu.Unlock()
		bob.send("/nick zoe")
		bob.expect("! names can't be taken now, try again in a moment")
		dave := hubs[1].connect(hub.Caller{})
		synctest.Wait()
		if got := dave.Received(); len(got) != 1 || !strings.Contains(got[0], "You are guest-") {
			t.Errorf("a guest received %q", got)
		}
	})
}

// TestPeersGone loses a server. Its members leave, each once.
func TestPeersGone(t *testing.T) {
	withHubs(t, 2, func(net *hub.FakeNet, hubs []*testHub) {
		alice := hubs[0].named("alice")
		bob := hubs[1].named("bob")
		alice.expect("* bob has arrived")
		bob.Received()
		lost := net.Servers["server 1"]
		members := lost.Hub.Members()
		here := net.Servers["server 0"].Hub
		here.Replace("server 1", members) // changes nothing
		here.Replace("server 1", nil)
		here.Replace("server 1", nil)
		alice.expect("* bob has left")
		here.Replace("server 1", members)
		alice.expect("* bob has arrived")
		net.Mu.Lock()
		delete(net.Servers, "server 1")
		net.Mu.Unlock()
		alice.send("/msg bob psst")
		alice.expect("! the server of bob does not answer: try again in a moment")
		net.Mu.Lock()
		net.Servers["server 1"] = lost
		net.Mu.Unlock()
	})
}

// TestManyPeers lets many members of another server arrive. A large room gets their number.
func TestManyPeers(t *testing.T) {
	withHubs(t, 2, func(_ *hub.FakeNet, hubs []*testHub) {
		alice := hubs[0].named("alice")
		const n = 150
		for range n {
			hubs[1].join(hub.Caller{Room: "lobby"})
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		arrived, batches := 0, 0
		for _, e := range alice.Received() {
			switch {
			case strings.HasSuffix(e, " has arrived"):
				arrived++
			case strings.Contains(e, "51 arrived") && strings.Contains(e, "151"):
				batches++
			default:
				t.Errorf("received %q", e)
			}
		}
		if arrived != 99 || batches != 1 {
			t.Errorf("%d arrivals and %d batches", arrived, batches)
		}
	})
}

// TestMoves resumes an identity on another server and back. Nobody else notices, and the names and the counts stay.
func TestMoves(t *testing.T) {
	withHubs(t, 2, func(net *hub.FakeNet, hubs []*testHub) {
		observers := []*client{hubs[0].named("ann"), hubs[1].named("ben")}
		synctest.Wait()
		robo := hubs[0].connect(hub.Caller{Nick: "robo", Format: wire.JSON})
		synctest.Wait()
		token := jsonField(t, robo.Received(), "token")
		observers[0].expect("* ben has arrived", "* robo has arrived")
		observers[1].expect("* robo has arrived")
		for i := range 4 {
			next := hubs[1-i%2].connect(hub.Caller{Format: wire.JSON})
			synctest.Wait()
			next.Received()
			next.send(`{"type":"resume","token":"` + token + `","nick":"robo"}`)
			synctest.Wait()
			if got := strings.Join(next.Received(), "\n"); !strings.Contains(got, `"resumed":true`) || !strings.Contains(got, `"nick":"robo"`) || jsonField(t, []string{got}, "token") != token {
				t.Fatalf("move %d: %s", i, got)
			}
			if got := strings.Join(robo.Received(), "\n"); !strings.Contains(got, `"reason":"resumed"`) {
				t.Fatalf("move %d: the former connection received %s", i, got)
			}
			robo = next
			for k, o := range observers {
				if got := o.Received(); len(got) > 0 {
					t.Fatalf("move %d: observer %d received %q", i, k, got)
				}
				o.send("/rooms", "/nick robo")
				o.expect("= lobby (3)", "! robo is taken")
			}
			time.Sleep(2 * time.Second) // the rooms are counted again
		}
		robo.send(`{"type":"quit"}`)
		for _, o := range observers {
			o.expect("* robo has left")
		}
		observers[1].send("/nick robo")
		observers[1].expect("* ben is now known as robo")
	})
}

// TestSharedNames has members of one identity on two servers. They have one name, whichever of them changes it, and no other
// member gets it as long as there is one of them.
func TestSharedNames(t *testing.T) {
	withHubs(t, 2, func(_ *hub.FakeNet, hubs []*testHub) {
		first := hubs[0].connect(hub.Caller{Nick: "alice", Format: wire.JSON})
		synctest.Wait()
		token := jsonField(t, first.Received(), "token")
		second := hubs[1].connect(hub.Caller{Format: wire.JSON})
		synctest.Wait()
		second.Received()
		second.send(`{"type":"resume","token":"` + token + `","nick":"alice","room":"ops","share":true}`)
		synctest.Wait()
		if got := strings.Join(second.Received(), "\n"); !strings.Contains(got, `"resumed":true`) {
			t.Fatalf("the second connection received %s", got)
		}
		ann, ben := hubs[0].join(hub.Caller{Nick: "ann"}), hubs[1].join(hub.Caller{Nick: "ben", Room: "ops"})
		synctest.Wait()
		received := func(c *client) string {
			t.Helper()
			synctest.Wait()
			return strings.Join(c.Received(), "\n")
		}
		rename := func(c *client, from, to string) {
			t.Helper()
			for _, o := range []*client{ann, ben, first, second} {
				o.Received()
			}
			c.send(`{"type":"nick","nick":"` + to + `"}`)
			synctest.Wait()
			for _, o := range []*client{ann, ben} {
				o.expect("* " + from + " is now known as " + to)
			}
			for _, c := range []*client{first, second} {
				if got := received(c); strings.Count(got, `"type":"nick"`) != 1 || jsonField(t, []string{got}, "to") != to {
					t.Errorf("a member that is renamed to %s received %s", to, got)
				}
			}
		}
		rename(first, "alice", "alicia")
		rename(second, "alicia", "zoe")
		rename(second, "zoe", "alice")
		refused := func() {
			t.Helper()
			for _, o := range []*client{ann, ben} {
				o.Received()
				o.send("/nick alice")
				o.expect("! alice is taken")
			}
		}
		refused()
		first.send(`{"type":"quit"}`) // its server was the last one that claimed the name
		ann.expect("* alice has left")
		refused()
		second.send(`{"type":"quit"}`)
		ben.expect("* alice has left")
		ann.Received()
		ann.send("/nick alice", "/nick ann")
		ann.expect("* ann is now known as alice", "* alice is now known as ann")
		ben.send("/nick zoe", "/nick alicia")
		ben.expect("* ben is now known as zoe", "* zoe is now known as alicia")
	})
}

// jsonField returns the first text of a field in JSON events.
func jsonField(t *testing.T, events []string, name string) string {
	t.Helper()
	_, rest, _ := strings.Cut(strings.Join(events, "\n"), `"`+name+`":"`)
	value, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no %s in %q", name, events)
	}
	return value
}

// TestPeerRenamed gives a name of a member to somebody on another server. The member gets a guest's name, and its name is
// free on this server when the other one leaves.
func TestPeerRenamed(t *testing.T) {
	withHubs(t, 2, func(net *hub.FakeNet, hubs []*testHub) {
		alice, bob := hubs[0].named("alice"), hubs[0].named("bob")
		alice.expect("* bob has arrived")
		here := net.Servers["server 0"].Hub
		here.Rename(here.Members()[0].ID)
		here.Rename("nobody")
		synctest.Wait()
		if got := strings.Join(bob.Received(), "\n"); !strings.HasPrefix(got, "* alice is now known as guest-") {
			t.Errorf("others receive %q", got)
		}
		bob.send("/nick alice")
		bob.expect("* bob is now known as alice")
	})
}

// TestPeerOnTwoServers gets the changes of an identity that moves in another order. It is there until both servers have
// said that it left.
func TestPeerOnTwoServers(t *testing.T) {
	withHubs(t, 1, func(net *hub.FakeNet, hubs []*testHub) {
		alice := hubs[0].named("alice")
		here := net.Servers["server 0"].Hub
		change := func(server, kind string) {
			here.Apply(server, directory.Change{Kind: kind, Member: directory.Member{Room: "lobby", ID: "1", Nick: "robo"}})
			synctest.Wait()
		}
		change("server 2", directory.Joined)
		alice.expect("* robo has arrived")
		change("server 1", directory.Joined) // it was silent there
		change("server 1", directory.Left)
		alice.send("/who")
		alice.expect("= alice, robo")
		change("server 1", directory.Left)
		change("server 2", directory.Left)
		alice.expect("* robo has left")
		alice.send("/who")
		alice.expect("= alice")
	})
}
