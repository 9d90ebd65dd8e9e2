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

// A gapJournal is a Journal that commits messages that start with "lost" but does not store
// them, and whose reads of the oldest messages fail after a number of pages.
type gapJournal struct {
	*history.Memory
	reads int // pages of the oldest messages that Read returns; no limit if negative
}

var errRead = errors.New("read error")

func newGapJournal() *gapJournal {
	return &gapJournal{history.NewMemory(history.Retention{Messages: 10_000}), -1}
}

func isLost(m *wire.Message) bool { return strings.HasPrefix(m.Text, "lost") }

func (j *gapJournal) Read(room string, g history.Range) (history.Page, error) {
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
		return history.Page{}, errRead
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
	if found == nil && lost > 0 { // otherwise the next page reports the gap
		gaps = append(gaps, &wire.Gap{After: prior, Missed: lost, Lost: true})
	}
	return history.Page{Messages: found, Gaps: gaps}, nil
}

// sayWithGaps has a bot say n messages. Every fifth message and the last two are lost. It
// returns the bot and the ids of all messages.
func sayWithGaps(h *testHub, n int) (p *client, ids []int64) {
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

// outline formats events as the indexes of the messages, with (after: missed) for a gap.
func outline(h *testHub, events []event, ids []int64) string {
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

// wantOutline is the outline of all messages of sayWithGaps after message i.
func wantOutline(i, n int) string {
	var all []string
	prior := i
	add := func(next int) {
		if next-prior > 1 {
			all = append(all, fmt.Sprintf("(%d: %d)", prior, next-prior-1))
		}
		prior = next
	}
	for i++; i < n-2; i++ {
		if i%5 != 3 {
			add(i)
			all = append(all, fmt.Sprint(i))
		}
	}
	add(n)
	return strings.Join(all, " ")
}

// A gap notice takes the position of the missing messages: in the middle of a page, at its
// edges, and after the last message.
func TestGapPositions(t *testing.T) {
	withHub(t, hub.Options{Journal: newGapJournal(), Replay: -1}, func(h *testHub) {
		const n = 500
		bot, ids := sayWithGaps(h, n)
		for _, from := range []int{0, 2, 3, 99, 372, n - 4, n - 2, n - 1} {
			back := h.connect(hub.Caller{Format: wire.JSON, Since: fmt.Sprint(ids[from])})
			if got, want := outline(h, back.events(), ids), wantOutline(from, n); got != want {
				t.Errorf("a client that resumes after %d received %s, want %s", from, got, want)
			}
			back.send(`{"type":"quit"}`)
		}
		bot.Received()

		var paged []event
		for after, more := ids[0], true; more; {
			bot.send(fmt.Sprintf(`{"type":"since","id":%d,"limit":70}`, after))
			page := bot.events()
			last := page[len(page)-1]
			paged = append(append(paged, page[:len(page)-1]...), last.Messages...)
			if more = last.More; more {
				after = last.Messages[len(last.Messages)-1].ID
			}
		}
		slices.SortStableFunc(paged, func(a, b event) int { return cmp.Compare(sortKey(a), sortKey(b)) })
		if got, want := outline(h, paged, ids), wantOutline(0, n); got != want {
			t.Errorf("page by page: %s, want %s", got, want)
		}
	})
}

// sortKey orders events by their ids. A gap comes after the message before it.
func sortKey(e event) int64 {
	if e.Type == "gap" {
		return 2*e.After + 1
	}
	return 2 * e.ID
}

// In text a gap notice is a line between the messages.
func TestGapsInText(t *testing.T) {
	withHub(t, hub.Options{Journal: newGapJournal(), Replay: -1}, func(h *testHub) {
		_, ids := sayWithGaps(h, 7) // 0 1 2 (3) 4 (5 6)
		alice := h.named("alice")
		alice.send(fmt.Sprint("/since ", ids[1]))
		alice.expect(
			fmt.Sprintf("-- 2 messages since %d --", ids[1]),
			"bot: kept 2",
			"-- 1 messages missed, and history no longer has them --",
			"bot: kept 4",
			"-- 2 messages missed, and history no longer has them --",
			"-- live --",
		)
		alice.send(fmt.Sprint("/since ", ids[4]))
		alice.expect("-- 2 messages missed, and history no longer has them --", "= no messages")
		alice.send("/history 2")
		alice.expect("-- the last 2 messages --", "bot: kept 2", "bot: kept 4", "-- live --")
	})
}

// If the journal fails during a replay, the client gets the id after which messages are
// missing.
func TestReadErrorDuringReplay(t *testing.T) {
	j := newGapJournal()
	withHub(t, hub.Options{Journal: j, Replay: -1}, func(h *testHub) {
		_, ids := sayWithGaps(h, 300)
		replayed := 0
		last := int64(0)
		j.reads = 2
		back := h.connect(hub.Caller{Format: wire.JSON, Since: fmt.Sprint(ids[0])})
		events := back.events()
		for _, e := range events {
			if e.Type == "message" {
				replayed, last = replayed+1, e.ID
			}
		}
		n := len(events)
		if gap, bad := events[n-2], events[n-1]; replayed != 200 || gap.Type != "gap" || gap.After != last ||
			gap.Missed != nil || gap.Lost || bad.Code != "unavailable" {
			t.Errorf("%d messages received, and then %+v", replayed, events[n-2:])
		}
		j.reads = -1
		back.send("hello") // an error, but no goodbye
		back.send(`{"type":"say","text":"here"}`)
		if e := back.events(); e[len(e)-1].Text != "here" {
			t.Errorf("then %+v", e)
		}
		alice := h.named("alice")
		j.reads = 1
		alice.send(fmt.Sprint("/since ", ids[0]))
		synctest.Wait()
		received := alice.Received()
		if end := received[len(received)-3:]; !strings.Contains(end[0], "messages missed; /since") || end[1] != "-- live --" ||
			end[2] != "! history can't be read now, try again in a moment" {
			t.Errorf("alice received %q", end)
		}
	})
}
