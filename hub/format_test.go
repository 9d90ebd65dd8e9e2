package hub_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"partyline/hub"
	"partyline/hub/hubtest"
)

func TestFormatsChangeWithoutLoss(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Received()
		bob.send("/format json")
		received := bob.Received()
		if len(received) != 1 || !strings.HasPrefix(received[0], `{"type":"welcome","room":"lobby","nick":"bob",`) {
			h.Fatalf("bob received %q", received)
		}
		bob.send(`{"type":"me","text":"waves"}`, `{"type":"format","format":"text"}`, "back")
		alice.expect("~ bob waves", "bob: back")
		received = bob.Received()
		if len(received) != 2 || !strings.HasPrefix(received[0], `{"type":"action",`) || received[1] != "bob: back" {
			h.Errorf("bob received %q", received)
		}
	})
}

// A failingConn is a Conn whose writes fail after the first n.
type failingConn struct {
	*hubtest.Conn
	n int
}

var errReset = errors.New("connection reset by peer")

func (b *failingConn) TryWrite(frames []byte) (int, error) {
	if b.n--; b.n < 0 {
		return 0, errReset
	}
	return b.Conn.TryWrite(frames)
}

func (b *failingConn) Write(frames []byte) (int, error) { return b.TryWrite(frames) }

// TestDisconnectDuringFormatChange breaks a connection at each write while its member changes
// its format and its room. The other members keep the stream that they read.
func TestDisconnectDuringFormatChange(t *testing.T) {
	for n := range 60 {
		withHub(t, hub.Options{}, func(h *testHub) {
			alice, bot := h.named("alice"), h.bot("bot")
			lines := []string{"hi"}
			for range 8 {
				lines = append(lines, "/format json", `{"type":"format","format":"text"}`, "/join lobby", "/join ops", "/join lobby")
			}
			mallory := &failingConn{hubtest.NewConn(), n}
			end := h.serve(hub.Caller{Nick: "mallory"}, mallory)
			mallory.Say(lines...)
			synctest.Wait()
			mallory.Fail(errReset)
			<-end
			synctest.Wait()
			alice.Received()
			bot.Received()
			alice.send("still here?")
			alice.expect("alice: still here?")
			if received := strings.Join(bot.Received(), "\n"); !strings.Contains(received, "still here?") {
				t.Errorf("broken at write %d: a reader in JSON received %q", n, received)
			}
		})
	}
}
