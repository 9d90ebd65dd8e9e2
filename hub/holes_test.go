package hub_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// holes is a Journal that tells and does not keep what says "lost", and of which only so
// much can be read at once before it fails.
type holes struct {
	*history.Memory
	reads int // pages of oldest messages that Read gives; any number if below 0
}

var errWorn = errors.New("worn out")

func newHoles() *holes {
	return &holes{history.NewMemory(history.Retention{Messages: 10_000}), -1}
}

func isLost(m *wire.Message) bool { return strings.HasPrefix(m.Text, "lost") }

func (j *holes) Read(room string, g history.Range) (history.Page, error) {
	limit := g.Limit
	if limit == 0 {
		return j.Memory.Read(room, g)
	}
	g.Limit = 10_000
	if g.Newest {
		page, err := j.Memory.Read(room, g)
		all := slices.DeleteFunc(page.Messages, isLost)
		n := min(len(all), limit)
		return history.Page{Messages: all[len(all)-n:], More: n < len(all)}, err
	}
	if j.reads == 0 {
		return history.Page{}, errWorn
	}
	j.reads--
	page, _ := j.Memory.Read(room, g)
	gaps := page.Gaps
	var found []*wire.Message
	prior, lost := g.After, int64(0)
	for _, m := range page.Messages {
		if isLost(m) {
			lost++
			continue
		}
		if len(found) == limit {
			return history.Page{Messages: found, Gaps: gaps, More: true}, nil
		}
		if lost > 0 {
			gaps = append(gaps, &wire.Gap{After: prior, Before: m.ID, Missed: lost, Lost: true})
		}
		found, prior, lost = append(found, m), m.ID, 0
	}
	if found == nil && lost > 0 { // otherwise Gaps ends with the last of Messages
		gaps = append(gaps, &wire.Gap{After: prior, Missed: lost, Lost: true})
	}
	return history.Page{Messages: found, Gaps: gaps}, nil
}

// fill has somebody say messages, of which every fifth and the last two are lost.
func fill(h *house, n int) (p *person, ids []int64) {
	p = h.bot("bot")
	for i := range n {
		text := fmt.Sprint("kept ", i)
		if i%5 == 3 || i >= n-2 {
			text = fmt.Sprint("lost ", i)
		}
		p.Say(fmt.Sprintf(`{"type":"say","text":%q}`, text))
	}
	for _, e := range p.events() {
		ids = append(ids, e.ID)
	}
	return p, ids
}

// outline writes what a member is told in order: what is kept, and gaps where they stand.
func outline(h *house, events []event, ids []int64) string {
	h.Helper()
	at := func(id int64) int { return slices.Index(ids, id) }
	var all []string
	for _, e := range events {
		switch e.Type {
		case "message":
			all = append(all, fmt.Sprint(at(e.ID)))
		case "gap":
			if e.Missed == nil || !e.Lost {
				h.Errorf("gap %+v", e)
				continue
			}
			all = append(all, fmt.Sprintf("(%d: %d)", at(e.After), *e.Missed))
		}
	}
	return strings.Join(all, " ")
}

// wanted is the outline of everything after the message i of fill.
func wanted(i, n int) string {
	var all []string
	prior := i
	tell := func(next int) {
		if next-prior > 1 {
			all = append(all, fmt.Sprintf("(%d: %d)", prior, next-prior-1))
		}
		prior = next
	}
	for i++; i < n-2; i++ {
		if i%5 != 3 {
			tell(i)
			all = append(all, fmt.Sprint(i))
		}
	}
	tell(n)
	return strings.Join(all, " ")
}

// A gap stands where the messages would that are missing: on every page, at its edges, and
// behind the last.
func TestGapsStandWhereTheyBelong(t *testing.T) {
	inHouse(t, hub.Options{Journal: newHoles(), Replay: -1}, func(h *house) {
		const n = 500
		bot, ids := fill(h, n)
		for _, from := range []int{0, 2, 3, 99, 372, n - 4, n - 2, n - 1} {
			back := h.connect(hub.Caller{Format: wire.JSON, Since: fmt.Sprint(ids[from])})
			if got, want := outline(h, back.events(), ids), wanted(from, n); got != want {
				t.Errorf("who comes back with %d is told %s, want %s", from, got, want)
			}
			back.say(`{"type":"quit"}`)
		}
		bot.Heard()

		var asked []event
		for after, more := ids[0], true; more; {
			bot.say(fmt.Sprintf(`{"type":"since","id":%d,"limit":70}`, after))
			page := bot.events()
			last := page[len(page)-1]
			asked = append(append(asked, page[:len(page)-1]...), last.Messages...)
			if more = last.More; more {
				after = last.Messages[len(last.Messages)-1].ID
			}
		}
		slices.SortStableFunc(asked, func(a, b event) int { return cmp.Compare(place(a), place(b)) })
		if got, want := outline(h, asked, ids), wanted(0, n); got != want {
			t.Errorf("asked page by page: %s, want %s", got, want)
		}
	})
}

// place orders events by their ids, a gap behind the message before it.
func place(e event) int64 {
	if e.Type == "gap" {
		return 2*e.After + 1
	}
	return 2 * e.ID
}

// In text a gap is a line between the messages.
func TestGapsInText(t *testing.T) {
	inHouse(t, hub.Options{Journal: newHoles(), Replay: -1}, func(h *house) {
		_, ids := fill(h, 7) // 0 1 2 (3) 4 (5 6)
		alice := h.named("alice")
		alice.say(fmt.Sprint("/since ", ids[1]))
		alice.hears(
			fmt.Sprintf("-- 2 messages since %d --", ids[1]),
			"bot: kept 2",
			"-- 1 messages missed, and history no longer has them --",
			"bot: kept 4",
			"-- 2 messages missed, and history no longer has them --",
			"-- live --",
		)
		alice.say(fmt.Sprint("/since ", ids[4]))
		alice.hears("-- 2 messages missed, and history no longer has them --", "= no messages")
		alice.say("/history 2")
		alice.hears("-- the last 2 messages --", "bot: kept 2", "bot: kept 4", "-- live --")
	})
}

// Where history fails in the middle, who reads it is told from where on.
func TestHistoryFailsInTheMiddle(t *testing.T) {
	j := newHoles()
	inHouse(t, hub.Options{Journal: j, Replay: -1}, func(h *house) {
		_, ids := fill(h, 300)
		told := 0
		last := int64(0)
		j.reads = 2
		back := h.connect(hub.Caller{Format: wire.JSON, Since: fmt.Sprint(ids[0])})
		events := back.events()
		for _, e := range events {
			if e.Type == "message" {
				told, last = told+1, e.ID
			}
		}
		n := len(events)
		if gap, bad := events[n-2], events[n-1]; told != 200 || gap.Type != "gap" || gap.After != last ||
			gap.Missed != nil || gap.Lost || bad.Code != "unavailable" {
			t.Errorf("%d are told, and then %+v", told, events[n-2:])
		}
		j.reads = -1
		back.say("hello") // it is live
		back.say(`{"type":"say","text":"here"}`)
		if e := back.events(); e[len(e)-1].Text != "here" {
			t.Errorf("then %+v", e)
		}
		alice := h.named("alice")
		j.reads = 1
		alice.say(fmt.Sprint("/since ", ids[0]))
		synctest.Wait()
		heard := alice.Heard()
		if end := heard[len(heard)-3:]; !strings.Contains(end[0], "messages missed; /since") || end[1] != "-- live --" ||
			end[2] != "! history can't be read now, try again in a moment" {
			t.Errorf("alice is told %q", end)
		}
	})
}
