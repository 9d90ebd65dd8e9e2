package transcript

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"partyline/client"
)

// TestOperations does what readers and rooms do, in any order. The messages stay in order, the screen is full, and
// a View that is fed by a history shows what the reader jumps to.
func TestOperations(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 1))
		h := history{last: 2000, page: 40}
		v := newRoom(Options{Read: 1900})
		width, height := 80, 10
		add := func(e client.Event) { v.Add(e) }
		for step := range 300 {
			n := random.IntN(40)
			switch random.IntN(16) {
			case 0, 1, 2:
				for range n {
					h.last++
					add(message(h.last))
				}
			case 3:
				lost := int64(1 + n)
				add(&client.Gap{After: h.last, Missed: lost, Lost: n == 0})
				h.last += lost + 1
				add(message(h.last))
			case 4:
				for _, e := range events("hello alice", "bob", "alice")[4:] {
					if _, ok := e.(*client.Gap); !ok {
						add(e)
					}
				}
			case 5:
				add(&client.Disconnected{Err: errors.New("reset")})
				add(&client.Welcome{Nick: "alice", Last: h.last})
			case 6:
				v.Say(fmt.Sprint(n), "hello", n%2 == 0)
			case 7:
				v.Acked(fmt.Sprint(n), h.last)
				v.Failed(fmt.Sprint(n+1), "too long")
			case 8:
				v.ScrollUp(n * 10)
			case 9:
				v.ScrollDown(n * 10)
			case 10:
				v.ToTop()
			case 11:
				v.ToEnd()
			case 12:
				v.Lines(80, 10)
				v.JumpTo(1 + random.Int64N(h.last))
				h.fill(t, v)
				if got := ids(v); slices.Contains(got, v.Chosen()) && !slices.Contains(shown(v), v.Chosen()) {
					t.Fatalf("seed %d, step %d: %v are shown, want %d among them", seed, step, shown(v), v.Chosen())
				}
			case 13:
				v.Choose(n%3 - 1)
			case 14:
				v.SetReading(n%2 == 0)
				v.ToUnread()
			case 15:
				width, height = 1+random.IntN(210), random.IntN(60)
			}
			if p, wanted := v.Wants(); wanted {
				h.load(v, p)
			}
			lines := v.Lines(width, height)
			if len(lines) != height {
				t.Fatalf("seed %d, step %d: %d lines, want %d", seed, step, len(lines), height)
			}
			checkLines(t, lines, width, ansi.WcWidth)
			if !slices.IsSorted(ids(v)) {
				t.Fatalf("seed %d, step %d: the messages are not in order", seed, step)
			}
		}
	}
}
