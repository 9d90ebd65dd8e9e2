package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
)

// A member that reads nothing changes its room while others talk in the old one. It gets the
// messages that the old room had before the change, or a gap notice that counts them, and no
// later ones.
func TestSlowReaderChangesRoom(t *testing.T) {
	const before = 100
	for _, after := range []int{0, 10, 200} {
		for _, leave := range []string{"/join ops", "/quit"} {
			t.Run(fmt.Sprint(leave[1:], " before ", after), func(t *testing.T) {
				withHub(t, hub.Options{Window: 16 << 10}, func(h *testHub) {
					alice, bob := h.named("alice"), h.named("bob")
					bob.Freeze()
					alice.send("0")
					time.Sleep(time.Second) // backpressure no longer waits for bob
					for i := 1; i < before; i++ {
						alice.send(fmt.Sprint(i, " ", padding))
					}
					bob.send(leave)
					for i := range after {
						alice.send(fmt.Sprint(before+i, " ", padding))
					}
					bob.Thaw()
					synctest.Wait()

					received, next, gaps := bob.Received(), 0, 0
					for _, line := range received {
						var i, missed int
						switch {
						case strings.HasPrefix(line, "alice: "):
							if fmt.Sscanf(line, "alice: %d", &i); i != next {
								t.Errorf("bob received message %d, want %d", i, next)
							}
							next = i + 1
						case strings.Contains(line, " messages missed"):
							fmt.Sscanf(line, "-- %d messages missed", &missed)
							next += missed
							gaps++
						}
					}
					if next != before || gaps != 1 {
						t.Errorf("bob received or missed %d messages, with %d gaps", next, gaps)
					}
					last := received[len(received)-1]
					if !strings.HasPrefix(last, "* You are bob in #ops, alone") && !strings.HasPrefix(last, "-- goodbye") {
						t.Errorf("the last line that bob received is %q", last)
					}
				})
			})
		}
	}
}

// A member that has read nothing for a while says a message and asks for something. The gap
// notice comes before the messages after the gap, and the answer after the member's own
// message.
func TestAnswerAfterAGap(t *testing.T) {
	withHub(t, hub.Options{Window: 16 << 10}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		bob.Received()
		bob.Freeze()
		alice.send("0")
		time.Sleep(time.Second) // backpressure no longer waits for bob
		const n = 40
		for i := 1; i < n; i++ {
			alice.send(fmt.Sprint(i, " ", padding))
		}
		bob.send("hi", "/who")
		alice.send("bye")
		bob.Thaw()
		synctest.Wait()

		received := bob.Received()
		gap, missed := -1, 0
		for i, line := range received {
			if k, _ := fmt.Sscanf(line, "-- %d messages missed", &missed); k == 1 {
				gap = i
				break
			}
		}
		if gap < 0 {
			t.Fatalf("no gap in %.1000q", received)
		}
		var want []string
		for i := gap + missed; i < n; i++ {
			want = append(want, fmt.Sprint("alice: ", i, " ", padding))
		}
		want = append(want, "bob: hi", "= alice, bob", "alice: bye")
		if got := received[gap+1:]; !slices.Equal(got, want) {
			t.Errorf("after the gap of %d comes %.5000q", missed, got)
		}
	})
}
