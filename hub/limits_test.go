package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/wire"
)

func TestMaxRooms(t *testing.T) {
	withHub(t, hub.Options{Limits: admission.Limits{Rooms: 3}}, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.send("/join one")
		ann.Received()
		cid := h.join(hub.Caller{Nick: "cid", Room: "two"})
		bob.Received()
		bob.send("/join three") // the lobby is the third
		bob.expect("! there are too many rooms: /rooms lists those that you can join")
		bob.send("still here", "/join one")
		if received := bob.Received(); len(received) != 2 || received[0] != "bob: still here" || received[1] != "* You are bob in #one, with ann (2 here). /help lists the commands." {
			t.Errorf("bob received %q", received)
		}
		bob.send("/join three") // the lobby is empty now
		bob.expect("* You are bob in #three, alone (1 here). /help lists the commands.")
		ann.send("/join LOBBY") // which can always be created
		if received := ann.Received(); received[len(received)-1] != "-- live --" && received[len(received)-1] != "* You are ann in #lobby, alone (1 here). /help lists the commands." {
			t.Errorf("ann received %q", received)
		}
		dan := h.connect(hub.Caller{Nick: "dan", Room: "four"})
		synctest.Wait()
		if received := dan.Received(); len(received) < 2 || received[1] != "! there are too many rooms: /rooms lists those that you can join" {
			t.Errorf("dan received %q", received)
		}
		cid.Received()
	})
}

func TestNewRoomLimit(t *testing.T) {
	withHub(t, hub.Options{Limits: admission.Limits{NewRooms: 3}}, func(h *testHub) {
		const refused = "! you have made too many rooms: join one that is there, or wait a minute"
		ann, bob := h.named("ann"), h.named("bob")
		created := func(room string) bool {
			ann.send("/join " + room)
			received := ann.Received()
			return received[len(received)-1] != refused
		}
		for i := range 3 {
			if !created(fmt.Sprint("room-", i)) {
				t.Errorf("room %d was refused", i)
			}
		}
		if created("room-3") {
			t.Error("a fourth room was created")
		}
		bob.send("/join his")
		if !created("his") || !created("lobby") {
			t.Error("existing rooms can't be joined")
		}
		time.Sleep(time.Minute)
		if !created("room-4") || created("room-5") {
			t.Error("after a minute, not exactly one room was created")
		}
	})
}

// TestPageLimit checks how many messages a page has at most, in both formats.
func TestPageLimit(t *testing.T) {
	withHub(t, hub.Options{Replay: -1, Limits: admission.Limits{PageLimit: 5}}, func(h *testHub) {
		ann, bot := h.named("ann"), h.join(hub.Caller{Nick: "bot", Format: wire.JSON})
		for i := range 9 {
			ann.send(fmt.Sprint(i))
		}
		ann.Received()
		bot.Received()
		for limit, want := range map[int]int{1: 1, 4: 4, 5: 5, 6: 5, 500: 5} {
			ann.send(fmt.Sprint("/history ", limit))
			if n := len(ann.Received()) - 2; n != want { // without the markers
				t.Errorf("/history %d returns %d messages", limit, n)
			}
			bot.send(fmt.Sprintf(`{"type":"history","limit":%d}`, limit))
			if n := strings.Count(strings.Join(bot.Received(), ""), `"type":"message"`); n != want {
				t.Errorf("a limit of %d returns %d messages", limit, n)
			}
		}
	})
}

// All members get the same list of rooms for a second, except that each member sees its own
// room as it is now.
func TestRoomListIsCachedForASecond(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		rooms := func(p *client, want string) {
			t.Helper()
			p.Received()
			p.send("/rooms")
			p.expect("= " + want)
		}
		rooms(ann, "lobby (2)")
		bob.send("/join ops")
		rooms(bob, "lobby (2), ops (1)") // the count of the lobby is cached
		rooms(ann, "lobby (1)")          // the list without ops is cached
		time.Sleep(time.Second)
		rooms(ann, "lobby (1), ops (1)")
		rooms(bob, "lobby (1), ops (1)")
	})
}
