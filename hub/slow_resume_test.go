package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// Who comes back, reads slowly and is behind by more than the stream keeps gets everything
// once and in order, and then is live; and nobody who talks meanwhile waits for that.
func TestASlowReaderResumes(t *testing.T) {
	for _, format := range []wire.Format{wire.Text, wire.JSON} {
		t.Run(fmt.Sprint(format), func(t *testing.T) {
			keep := history.NewMemory(history.Retention{Messages: 10_000})
			inHouse(t, hub.Options{Window: 64 << 10, Replay: -1, Journal: keep}, func(h *house) {
				alice := h.named("alice")
				said := 0
				say := func(n int) {
					for range n {
						alice.Say(fmt.Sprint(said, " ", padding))
						said++
					}
					synctest.Wait()
				}
				say(1000)
				line := &dripping{hubtest.NewLine(), 400 << 10, 4 << 10}
				end := h.serve(hub.Caller{Nick: "bob", Format: format, Since: "0"}, line)
				time.Sleep(100 * time.Millisecond)
				alice.Heard()
				began := time.Now()
				for range 20 {
					say(20)
					if n := len(alice.Heard()); n != 20 || time.Since(began) != 0 {
						t.Fatalf("alice heard %d of 20 after %v", n, time.Since(began))
					}
				}
				time.Sleep(30 * time.Second)
				say(1)
				time.Sleep(time.Second)
				next := 0
				for _, event := range line.Heard() {
					var n int
					text := strings.TrimPrefix(event, "alice: ")
					if _, rest, ok := strings.Cut(event, `"text":"`); ok {
						text = rest
					}
					if _, err := fmt.Sscanf(text, "%d "+padding[:10], &n); err != nil {
						if strings.Contains(event, "missed; /since") || strings.Contains(event, `"gap"`) {
							t.Errorf("behind %d comes %s", next, event)
						}
						continue
					}
					if n != next {
						t.Fatalf("%d comes in the place of %d", n, next)
					}
					next++
				}
				if next != said {
					t.Errorf("%d of %d messages", next, said)
				}
				line.Leave()
				<-end
			})
		})
	}
}
