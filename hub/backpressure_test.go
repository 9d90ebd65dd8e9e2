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

// A dripping Line takes so many bytes a second, of at most so many bytes at a time.
type dripping struct {
	*hubtest.Line
	rate, most int
}

func (d *dripping) TryWrite([]byte) (int, error) { return 0, hub.ErrWouldBlock }

func (d *dripping) Write(frames []byte) (int, error) {
	if n := bytes.LastIndexByte(frames[:min(len(frames), d.most)], '\n') + 1; n > 0 {
		frames = frames[:n]
	}
	time.Sleep(time.Duration(len(frames)) * time.Second / time.Duration(d.rate))
	return d.Line.TryWrite(frames)
}

// flood has alice say a megabyte at once in a room with bob, who reads at a rate, and
// carol, who reads at once. It returns what bob heard, and how long the flood took.
func flood(h *house, rate int) (heard []string, took time.Duration) {
	const n = 1000
	alice, carol := h.named("alice"), h.named("carol")
	bob := &dripping{hubtest.NewLine(), rate, 1 << 20}
	h.serve(hub.Caller{Nick: "bob"}, bob)
	time.Sleep(time.Second)
	bob.Heard()
	carol.Heard()
	begun := time.Now()
	for i := range n {
		alice.Say(fmt.Sprint(i, " ", padding))
	}
	for told := 0; told < n; time.Sleep(time.Millisecond) {
		synctest.Wait()
		told += len(carol.Heard())
	}
	took = time.Since(begun)
	time.Sleep(10 * time.Minute) // until bob has what he can have
	return bob.Heard(), took
}

// A flood is read no faster than members who are well can take it.
func TestAFloodWaitsForReadersWhoAreWell(t *testing.T) {
	inHouse(t, hub.Options{Window: 256 << 10}, func(h *house) {
		heard, took := flood(h, 1<<20)
		if len(heard) != 1000 {
			t.Errorf("bob heard %d lines", len(heard))
		}
		for i, line := range heard {
			if want := fmt.Sprint("alice: ", i, " ", padding); line != want {
				t.Fatalf("line %d is %.40q", i, line)
			}
		}
		if took > 2*time.Second {
			t.Errorf("the flood took %v", took)
		}
	})
}

// Who is slow is waited for no longer than a while, and then told what it missed.
func TestAFloodDoesNotWaitForTheSlow(t *testing.T) {
	for _, rate := range []int{100, 10 << 10, 100 << 10} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			inHouse(t, hub.Options{Window: 256 << 10}, func(h *house) {
				heard, took := flood(h, rate)
				if took > 6*time.Second {
					t.Errorf("the flood took %v", took)
				}
				if !strings.Contains(strings.Join(heard, "\n"), " messages missed") {
					t.Errorf("bob heard %d lines without a gap", len(heard))
				}
			})
		})
	}
}

// Somebody who says a line now and then is not held up by a flood.
func TestAFloodHoldsUpItsAuthorAlone(t *testing.T) {
	inHouse(t, hub.Options{Window: 256 << 10}, func(h *house) {
		alice, carol := h.named("alice"), h.named("carol")
		bob := &dripping{hubtest.NewLine(), 200 << 10, 1 << 20}
		h.serve(hub.Caller{Nick: "bob"}, bob)
		time.Sleep(time.Second)
		for i := range 1000 {
			alice.Say(fmt.Sprint(i, padding))
		}
		time.Sleep(10 * time.Millisecond)
		carol.Heard()
		carol.say("and I")
		synctest.Wait()
		if heard := carol.Heard(); len(heard) == 0 || heard[len(heard)-1] != "carol: and I" {
			t.Errorf("carol heard %d lines", len(heard))
		}
	})
}
