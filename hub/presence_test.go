package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
)

// In a room of more than 100 members, joins and leaves are sent once a second as a batch, in
// either format.
func TestPresenceBatch(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		bot := h.bot("bot")
		members := make([]*client, 98)
		for i := range members {
			members[i] = h.connect(hub.Caller{Nick: fmt.Sprintf("p%d", i)})
		}
		synctest.Wait()
		if n := len(alice.Received()); n != 99 { // the 100th member is still announced alone
			t.Errorf("alice received %d arrivals", n)
		}
		bot.Received()

		extra := []*client{h.named("x"), h.named("y")}
		members[0].send("/quit")
		alice.expect()
		time.Sleep(time.Second)
		alice.expect("* 2 arrived, 1 left (101 here)")
		if e := bot.events(); len(e) != 1 || e[0].Type != "presence" || e[0].Arrived != 2 || e[0].Left != 1 || e[0].Count != 101 {
			t.Errorf("bot received %+v", e)
		}
		alice.send("/who")
		if who := alice.Received()[0]; strings.Count(who, ", ") != 100 {
			t.Errorf("who: %s", who)
		}

		extra[0].send("/quit") // 100 are left: the batch ends, and y leaves outside of it
		extra[1].send("/quit")
		alice.expect("* 0 arrived, 1 left (100 here)", "* y has left")
	})
}

// JSON clients get a ping after 25 quiet seconds. Text clients get none.
func TestPing(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		bot := h.bot("bot")
		alice.Received()
		time.Sleep(60 * time.Second)
		bot.expect(`{"type":"ping"}`, `{"type":"ping"}`)
		alice.expect()
		time.Sleep(10 * time.Second) // the next ping is due in 5 s
		alice.send("hello")
		alice.Received()
		bot.Received()
		time.Sleep(24 * time.Second)
		bot.expect()
		time.Sleep(time.Second)
		bot.expect(`{"type":"ping"}`)
		bot.send(`{"type":"format","format":"text"}`)
		time.Sleep(60 * time.Second)
		bot.expect()
	})
	withHub(t, hub.Options{PingInterval: 2 * time.Second}, func(h *testHub) {
		bot := h.bot("bot")
		time.Sleep(5 * time.Second)
		bot.expect(`{"type":"ping"}`, `{"type":"ping"}`)
	})
}
