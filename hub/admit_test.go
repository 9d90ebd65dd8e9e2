package hub_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/wire"
)

// admit asks for a place and says what comes of it.
func admit(t *testing.T, h *hub.Hub, addr string, want error) admission.Slot {
	t.Helper()
	seat, err := h.Admit(netip.MustParseAddr(addr))
	if err != want {
		t.Fatalf("from %s: %v, want %v", addr, err, want)
	}
	return seat
}

func TestMembersInAll(t *testing.T) {
	h := hub.New(hub.Options{Limits: admission.Limits{Members: 3, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	var seats []admission.Slot
	for i := range 3 {
		seats = append(seats, admit(t, h, fmt.Sprint("192.0.2.", i), nil))
	}
	admit(t, h, "192.0.2.9", admission.ErrFull)
	admit(t, h, "127.0.0.1", admission.ErrFull) // full is full for everybody
	seats[1].Leave()
	admit(t, h, "192.0.2.9", nil)
	admit(t, h, "192.0.2.9", admission.ErrFull)
}

func TestMembersOfAnAddress(t *testing.T) {
	h := hub.New(hub.Options{Limits: admission.Limits{
		PerAddress: 2,
		Exempt:     []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")},
	}})
	for _, same := range [][]string{
		{"192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.2", "192.0.2.2", "::ffff:192.0.2.2"},
		{"2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:0:ffff::3"}, // one /64
		{"fe80::1%eth0", "fe80::2%eth1", "fe80::3"},
	} {
		first := admit(t, h, same[0], nil)
		admit(t, h, same[1], nil)
		admit(t, h, same[2], admission.ErrAddressFull)
		first.Leave()
		admit(t, h, same[2], nil)
		admit(t, h, same[0], admission.ErrAddressFull)
	}
	admit(t, h, "192.0.2.3", nil)
	admit(t, h, "2001:db8:0:1::1", nil) // another /64
	for range 10 {
		admit(t, h, "127.0.0.1", nil)
		admit(t, h, "::ffff:127.0.0.1", nil)
		admit(t, h, "2001:db8:1:2::3", nil)
	}
}

func TestArrivalsOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub.New(hub.Options{Limits: admission.Limits{Arrivals: 6}})
		come := func(want error) {
			t.Helper()
			seat, err := h.Admit(netip.MustParseAddr("192.0.2.1"))
			if err != want {
				t.Fatalf("%v, want %v", err, want)
			}
			if err == nil {
				seat.Leave()
			}
		}
		for range 6 {
			come(nil)
		}
		come(admission.ErrAddressRate)
		admit(t, h, "192.0.2.2", nil).Leave()
		time.Sleep(10 * time.Second)
		come(nil)
		come(admission.ErrAddressRate)
		time.Sleep(time.Minute)
		for range 6 {
			come(nil)
		}
		come(admission.ErrAddressRate)
	})
}

// TestManyAddresses has addresses come and go for hours: those of the last minute are all
// that is remembered, and who was turned away a moment ago still is.
func TestManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub.New(hub.Options{Limits: admission.Limits{Arrivals: 1}})
		addr := netip.MustParseAddr("2001:db8::")
		memory, _ := inUse()
		for i := range 50_000 {
			b := addr.As16()
			b[4], b[5], b[6], b[7] = byte(i>>24), byte(i>>16), byte(i>>8), byte(i)
			a := netip.AddrFrom16(b)
			admit(t, h, a.String(), nil).Leave()
			admit(t, h, a.String(), admission.ErrAddressRate)
			time.Sleep(100 * time.Millisecond)
		}
		if now, _ := inUse(); !raceEnabled && now-memory > 2<<20 {
			t.Errorf("%d bytes are kept", now-memory)
		}
	})
}

func TestRoomsInAll(t *testing.T) {
	inHouse(t, hub.Options{Limits: admission.Limits{Rooms: 3}}, func(h *house) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.say("/join one")
		ann.Heard()
		cid := h.call(hub.Caller{Nick: "cid", Room: "two"})
		bob.Heard()
		bob.say("/join three") // the lobby is the third
		bob.hears("! there are too many rooms: /rooms lists those that you can join")
		bob.say("still here", "/join one")
		if heard := bob.Heard(); len(heard) != 2 || heard[0] != "bob: still here" || heard[1] != "* You are bob in #one, with ann (2 here). /help lists the commands." {
			t.Errorf("bob heard %q", heard)
		}
		bob.say("/join three") // the lobby is empty now
		bob.hears("* You are bob in #three, alone (1 here). /help lists the commands.")
		ann.say("/join LOBBY") // which may always be made
		if heard := ann.Heard(); heard[len(heard)-1] != "-- live --" && heard[len(heard)-1] != "* You are ann in #lobby, alone (1 here). /help lists the commands." {
			t.Errorf("ann heard %q", heard)
		}
		dan := h.connect(hub.Caller{Nick: "dan", Room: "four"})
		synctest.Wait()
		if heard := dan.Heard(); len(heard) < 2 || heard[1] != "! there are too many rooms: /rooms lists those that you can join" {
			t.Errorf("dan heard %q", heard)
		}
		cid.Heard()
	})
}

func TestNewRoomsOfAMember(t *testing.T) {
	inHouse(t, hub.Options{Limits: admission.Limits{NewRooms: 3}}, func(h *house) {
		const refused = "! you have made too many rooms: join one that is there, or wait a minute"
		ann, bob := h.named("ann"), h.named("bob")
		made := func(room string) bool {
			ann.say("/join " + room)
			heard := ann.Heard()
			return heard[len(heard)-1] != refused
		}
		for i := range 3 {
			if !made(fmt.Sprint("room-", i)) {
				t.Errorf("room %d could not be made", i)
			}
		}
		if made("room-3") {
			t.Error("a fourth room was made")
		}
		bob.say("/join his")
		if !made("his") || !made("lobby") {
			t.Error("rooms that are there can't be joined")
		}
		time.Sleep(time.Minute)
		if !made("room-4") || made("room-5") {
			t.Error("after a minute, not one more could be made")
		}
	})
}

// TestAsked tells as many stored messages at once as may be asked for, in both formats.
func TestAsked(t *testing.T) {
	inHouse(t, hub.Options{Replay: -1, Limits: admission.Limits{PageLimit: 5}}, func(h *house) {
		ann, bot := h.named("ann"), h.call(hub.Caller{Nick: "bot", Format: wire.JSON})
		for i := range 9 {
			ann.say(fmt.Sprint(i))
		}
		ann.Heard()
		bot.Heard()
		for asked, want := range map[int]int{1: 1, 4: 4, 5: 5, 6: 5, 500: 5} {
			ann.say(fmt.Sprint("/history ", asked))
			if n := len(ann.Heard()) - 2; n != want { // without the markers
				t.Errorf("/history %d brings %d", asked, n)
			}
			bot.say(fmt.Sprintf(`{"type":"history","limit":%d}`, asked))
			if n := strings.Count(strings.Join(bot.Heard(), ""), `"type":"message"`); n != want {
				t.Errorf("a limit of %d brings %d", asked, n)
			}
		}
	})
}

// TestRoomsAreListedOnceASecond: whoever asks within a second gets the same list, in which
// its own room is right.
func TestRoomsAreListedOnceASecond(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		ann, bob := h.named("ann"), h.named("bob")
		rooms := func(p *person, want string) {
			t.Helper()
			p.Heard()
			p.say("/rooms")
			p.hears("= " + want)
		}
		rooms(ann, "lobby (2)")
		bob.say("/join ops")
		rooms(bob, "lobby (2), ops (1)") // the lobby is a second old
		rooms(ann, "lobby (1)")          // the other room too
		time.Sleep(time.Second)
		rooms(ann, "lobby (1), ops (1)")
		rooms(bob, "lobby (1), ops (1)")
	})
}
