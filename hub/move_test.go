package hub_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
)

// A breaking Line fails for good at its n-th write.
type breaking struct {
	*hubtest.Line
	n int
}

var errReset = errors.New("connection reset by peer")

func (b *breaking) TryWrite(frames []byte) (int, error) {
	if b.n--; b.n < 0 {
		return 0, errReset
	}
	return b.Line.TryWrite(frames)
}

func (b *breaking) Write(frames []byte) (int, error) { return b.TryWrite(frames) }

// TestBreakWhileTheFormatChanges breaks a connection at each write while its member changes
// its format and its room. The others keep the stream that they read.
func TestBreakWhileTheFormatChanges(t *testing.T) {
	for n := range 60 {
		inHouse(t, hub.Options{}, func(h *house) {
			alice, bot := h.named("alice"), h.bot("bot")
			lines := []string{"hi"}
			for range 8 {
				lines = append(lines, "/format json", `{"type":"format","format":"text"}`, "/join lobby", "/join ops", "/join lobby")
			}
			mallory := &breaking{hubtest.NewLine(), n}
			end := h.serve(hub.Caller{Nick: "mallory"}, mallory)
			mallory.Say(lines...)
			synctest.Wait()
			mallory.Fail(errReset)
			<-end
			synctest.Wait()
			alice.Heard()
			bot.Heard()
			alice.say("still here?")
			alice.hears("alice: still here?")
			if heard := strings.Join(bot.Heard(), "\n"); !strings.Contains(heard, "still here?") {
				t.Errorf("broken at write %d: a reader in JSON heard %q", n, heard)
			}
		})
	}
}

// A slow reader that takes the advice of each gap notice while a flood goes on gets whole
// lines, and each message once: those that it asked for, and those after the markers.
func TestSinceWhileAFloodGoesOn(t *testing.T) {
	for i := range 20 {
		rate, most := 60_000+2_000*i, 4<<10<<(i%4)
		keep := history.NewMemory(history.Retention{Messages: 10_000})
		inHouse(t, hub.Options{Window: 64 << 10, Journal: keep, Replay: -1}, func(h *house) {
			const n = 1500
			alice := h.named("alice")
			bob := &dripping{hubtest.NewLine(), rate, most}
			end := h.serve(hub.Caller{Nick: "bob"}, bob)
			go func() {
				for i := range n {
					alice.Say(fmt.Sprintf("%d %s", i, padding))
					time.Sleep(10 * time.Millisecond) // 100 KB a second
				}
			}()
			var heard []string
			for range 3000 {
				time.Sleep(50 * time.Millisecond)
				for _, line := range bob.Heard() {
					heard = append(heard, line)
					var missed int
					var id int64
					if k, _ := fmt.Sscanf(line, "-- %d messages missed; /since %d shows them --", &missed, &id); k == 2 {
						bob.Say(fmt.Sprint("/since ", id))
					}
				}
			}
			next, history := -1, false // the next message if that is known, and whether it is told again
			for _, line := range heard {
				var missed, i int
				var id int64
				switch {
				case strings.HasPrefix(line, "* "), strings.HasPrefix(line, "-- arrivals"):
				case strings.HasPrefix(line, "-- live"):
					history = false
				case strings.Contains(line, " messages since "):
					history = true
					next = -1
				case strings.Contains(line, " messages missed; "):
					fmt.Sscanf(line, "-- %d messages missed; /since %d shows them --", &missed, &id)
					if next >= 0 {
						next += missed
					}
				default:
					if k, _ := fmt.Sscanf(line, "alice: %d ", &i); k != 1 || line != fmt.Sprintf("alice: %d %s", i, padding) {
						t.Fatalf("rate %d, %d: heard %.40q", rate, most, line)
					}
					if next >= 0 && i != next {
						t.Errorf("rate %d, %d: heard %d, want %d (told again: %v)", rate, most, i, next, history)
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

// TestAnswersDoNotWaitForASlowReader: a slow reader that speaks while a flood goes on gets
// its answers, and can leave.
func TestAnswersDoNotWaitForASlowReader(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.named("alice")
		stop := make(chan bool)
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
					alice.Say(padding)
				}
			}
		}()
		bob := &dripping{hubtest.NewLine(), 50_000, 4 << 10} // half of what comes
		end := h.serve(hub.Caller{Nick: "bob"}, bob)
		heard := func(part string, within time.Duration) {
			t.Helper()
			for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
				for _, line := range bob.Heard() {
					if strings.Contains(line, part) {
						return
					}
				}
				if time.Since(begun) > within {
					t.Fatalf("%q is not heard within %v", part, within)
				}
			}
		}
		time.Sleep(5 * time.Second) // bob is behind by 250 KB
		bob.Say("hello", "/who")
		heard("= alice, bob", time.Second)
		alice.Heard()
		bob.Say("hello again", "/quit")
		time.Sleep(time.Second)
		if lines := strings.Join(alice.Heard(), "\n"); !strings.Contains(lines, "* bob has left") {
			t.Error("bob has not left within a second")
		}
		close(stop)
		<-end
	})
}

// TestAnswersComeAfterWhatWasSaid: an answer comes after the member's own message, though
// another goroutine writes to the member just then.
func TestAnswersComeAfterWhatWasSaid(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		bob.Heard()
		alice.Freeze()
		bob.say("one")
		alice.say("two", "/who")
		bob.say("three")
		alice.Thaw()
		alice.hears("* bob has arrived", "bob: one", "alice: two", "= alice, bob", "bob: three")
	})
}

// A slowOpen is a Journal whose disk takes its time.
type slowOpen struct{ *history.Memory }

func (j slowOpen) Open(room string) int64 {
	time.Sleep(time.Second)
	return j.Memory.Open(room)
}

// TestNothingComesBeforeTheWelcome: a member whose room is not open yet has its name, but
// gets no private message before its welcome.
func TestNothingComesBeforeTheWelcome(t *testing.T) {
	inHouse(t, hub.Options{Journal: slowOpen{history.NewMemory(history.Retention{Messages: 10})}}, func(h *house) {
		bob := h.connect(hub.Caller{Nick: "bob"})
		time.Sleep(2 * time.Second)
		bob.Heard()
		alice := h.connect(hub.Caller{Nick: "alice", Room: "ops"})
		synctest.Wait() // alice has its name, and waits for the room
		bob.say("/nick alice", "/msg alice psst", "/rooms")
		bob.hears("! alice is taken", "! alice is too far behind to get it: try again in a moment", "= lobby (1)")
		time.Sleep(2 * time.Second)
		bob.say("/msg alice psst")
		bob.hears("you -> alice: psst")
		alice.hears("* You are alice in #ops, alone (1 here). /help lists the commands.", "bob -> you: psst")
	})
}
