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

// TestASlowReaderGoesElsewhere: a member that reads nothing changes its room, and the old one
// talks on. It is owed what the old room said before that, and no more: it hears each such
// message, or a gap notice counts it.
func TestASlowReaderGoesElsewhere(t *testing.T) {
	const before = 100
	for _, after := range []int{0, 10, 200} {
		for _, leave := range []string{"/join ops", "/quit"} {
			t.Run(fmt.Sprint(leave[1:], " before ", after), func(t *testing.T) {
				inHouse(t, hub.Options{Window: 16 << 10}, func(h *house) {
					alice, bob := h.named("alice"), h.named("bob")
					bob.Freeze()
					alice.say("0")
					time.Sleep(time.Second) // nobody waits any longer for bob to take something
					for i := 1; i < before; i++ {
						alice.say(fmt.Sprint(i, " ", padding))
					}
					bob.say(leave)
					for i := range after {
						alice.say(fmt.Sprint(before+i, " ", padding))
					}
					bob.Thaw()
					synctest.Wait()

					heard, next, gaps := bob.Heard(), 0, 0
					for _, line := range heard {
						var i, missed int
						switch {
						case strings.HasPrefix(line, "alice: "):
							if fmt.Sscanf(line, "alice: %d", &i); i != next {
								t.Errorf("bob hears %d, not %d", i, next)
							}
							next = i + 1
						case strings.Contains(line, " messages missed"):
							fmt.Sscanf(line, "-- %d messages missed", &missed)
							next += missed
							gaps++
						}
					}
					if next != before || gaps != 1 {
						t.Errorf("bob hears of %d messages, with %d gaps", next, gaps)
					}
					last := heard[len(heard)-1]
					if !strings.HasPrefix(last, "* You are bob in #ops, alone") && !strings.HasPrefix(last, "-- goodbye") {
						t.Errorf("last bob hears %q", last)
					}
				})
			})
		}
	}
}

// TestAnAnswerAfterAGap: a member that reads nothing for a while speaks and asks for
// something. The gap notice comes before what it hears after the gap, and the answer after its
// own message.
func TestAnAnswerAfterAGap(t *testing.T) {
	inHouse(t, hub.Options{Window: 16 << 10}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		bob.Heard()
		bob.Freeze()
		alice.say("0")
		time.Sleep(time.Second) // nobody waits any longer for bob to take something
		const n = 40
		for i := 1; i < n; i++ {
			alice.say(fmt.Sprint(i, " ", padding))
		}
		bob.say("hi", "/who")
		alice.say("bye")
		bob.Thaw()
		synctest.Wait()

		heard := bob.Heard()
		gap, missed := -1, 0
		for i, line := range heard {
			if k, _ := fmt.Sscanf(line, "-- %d messages missed", &missed); k == 1 {
				gap = i
				break
			}
		}
		if gap < 0 {
			t.Fatalf("no gap in %.1000q", heard)
		}
		var want []string
		for i := gap + missed; i < n; i++ {
			want = append(want, fmt.Sprint("alice: ", i, " ", padding))
		}
		want = append(want, "bob: hi", "= alice, bob", "alice: bye")
		if got := heard[gap+1:]; !slices.Equal(got, want) {
			t.Errorf("after the gap of %d comes %.5000q", missed, got)
		}
	})
}
