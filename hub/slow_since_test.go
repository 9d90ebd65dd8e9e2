package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
)

// A slow reader that follows the hint of each gap notice during a flood gets whole lines, and
// each message once: the repeated ones, and those after the markers.
func TestSinceDuringFlood(t *testing.T) {
	rates := 20
	if testing.Short() {
		rates = 4
	}
	for i := range rates {
		rate, most := 60_000+2_000*i, 4<<10<<(i%4)
		journal := history.NewMemory(history.Retention{Messages: 10_000})
		withHub(t, hub.Options{Window: 64 << 10, Journal: journal, Replay: -1}, func(h *testHub) {
			const n = 1500
			alice := h.named("alice")
			bob := &slowConn{hubtest.NewConn(), rate, most}
			end := h.serve(hub.Caller{Nick: "bob"}, bob)
			go func() {
				for i := range n {
					alice.Say(fmt.Sprintf("%d %s", i, padding))
					time.Sleep(10 * time.Millisecond) // 100 KB a second
				}
			}()
			var received []string
			for range 3000 {
				time.Sleep(50 * time.Millisecond)
				for _, line := range bob.Received() {
					received = append(received, line)
					var missed int
					var id int64
					if k, _ := fmt.Sscanf(line, "-- %d messages missed; /since %d shows them --", &missed, &id); k == 2 {
						bob.Say(fmt.Sprint("/since ", id))
					}
				}
			}
			next, repeated := -1, false // the next message, -1 if unknown, and whether messages are repeated
			for _, line := range received {
				var missed, i int
				var id int64
				switch {
				case strings.HasPrefix(line, "* "), strings.HasPrefix(line, "-- arrivals"):
				case strings.HasPrefix(line, "-- live"):
					repeated = false
				case strings.Contains(line, " messages since "):
					repeated = true
					next = -1
				case strings.Contains(line, " messages missed; "):
					fmt.Sscanf(line, "-- %d messages missed; /since %d shows them --", &missed, &id)
					if next >= 0 {
						next += missed
					}
				default:
					if k, _ := fmt.Sscanf(line, "alice: %d ", &i); k != 1 || line != fmt.Sprintf("alice: %d %s", i, padding) {
						t.Fatalf("rate %d, %d: received %.40q", rate, most, line)
					}
					if next >= 0 && i != next {
						t.Errorf("rate %d, %d: received %d, want %d (repeated: %v)", rate, most, i, next, repeated)
					}
					next = i + 1
				}
			}
			if next != n {
				t.Errorf("rate %d, %d: the last message is %d of %d", rate, most, next, n)
			}
			bob.Fail(errReset)
			<-end
		})
	}
}
