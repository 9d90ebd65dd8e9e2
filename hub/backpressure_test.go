package hub_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
)

// A slowConn is a Conn that takes rate bytes a second, in writes of at most max bytes.
type slowConn struct {
	*hubtest.Conn
	rate, max int
}

func (d *slowConn) TryWrite([]byte) (int, error) { return 0, hub.ErrWouldBlock }

func (d *slowConn) Write(frames []byte) (int, error) {
	if n := bytes.LastIndexByte(frames[:min(len(frames), d.max)], '\n') + 1; n > 0 {
		frames = frames[:n]
	}
	time.Sleep(time.Duration(len(frames)) * time.Second / time.Duration(d.rate))
	return d.Conn.TryWrite(frames)
}

// flood has alice say a megabyte at once in a room with bob and carol. bob reads rate bytes a
// second, and carol reads at once. flood returns what bob received, and how long it took.
func flood(h *testHub, rate int) (received []string, took time.Duration) {
	const n = 1000
	alice, carol := h.named("alice"), h.named("carol")
	bob := &slowConn{hubtest.NewConn(), rate, 1 << 20}
	h.serve(hub.Caller{Nick: "bob"}, bob)
	time.Sleep(time.Second)
	bob.Received()
	carol.Received()
	start := time.Now()
	for i := range n {
		alice.Say(fmt.Sprint(i, " ", padding))
	}
	for delivered := 0; delivered < n; time.Sleep(time.Millisecond) {
		synctest.Wait()
		delivered += len(carol.Received())
	}
	took = time.Since(start)
	time.Sleep(10 * time.Minute) // until bob has read all that he can
	return bob.Received(), took
}

// A flood is read no faster than members that keep up can take it.
func TestFloodWaitsForFastReaders(t *testing.T) {
	withHub(t, hub.Options{Window: 256 << 10}, func(h *testHub) {
		received, took := flood(h, 1<<20)
		if len(received) != 1000 {
			t.Errorf("bob received %d lines", len(received))
		}
		for i, line := range received {
			if want := fmt.Sprint("alice: ", i, " ", padding); line != want {
				t.Fatalf("line %d is %.40q", i, line)
			}
		}
		if took > 2*time.Second {
			t.Errorf("the flood lasted %v", took)
		}
	})
}

// A flood waits for a slow member for a limited time. The member then gets a gap notice.
func TestFloodDoesNotWaitForSlowReaders(t *testing.T) {
	for _, rate := range []int{100, 10 << 10, 100 << 10} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			withHub(t, hub.Options{Window: 256 << 10}, func(h *testHub) {
				received, took := flood(h, rate)
				if took > 6*time.Second {
					t.Errorf("the flood lasted %v", took)
				}
				if !strings.Contains(strings.Join(received, "\n"), " messages missed") {
					t.Errorf("bob received %d lines without a gap", len(received))
				}
			})
		})
	}
}

// A flood does not delay a member that says a line now and then.
func TestFloodDelaysOnlyItsAuthor(t *testing.T) {
	withHub(t, hub.Options{Window: 256 << 10}, func(h *testHub) {
		alice, carol := h.named("alice"), h.named("carol")
		bob := &slowConn{hubtest.NewConn(), 200 << 10, 1 << 20}
		h.serve(hub.Caller{Nick: "bob"}, bob)
		time.Sleep(time.Second)
		for i := range 1000 {
			alice.Say(fmt.Sprint(i, padding))
		}
		time.Sleep(10 * time.Millisecond)
		carol.Received()
		carol.send("and I")
		synctest.Wait()
		if received := carol.Received(); len(received) == 0 || received[len(received)-1] != "carol: and I" {
			t.Errorf("carol received %d lines", len(received))
		}
	})
}
