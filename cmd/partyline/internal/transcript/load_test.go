package transcript

import (
	"math/rand/v2"
	"slices"
	"testing"

	"partyline/client"
)

// A history has the messages 1 to last, in pages.
type history struct{ last, page int64 }

func (h history) load(v *View, p Page) {
	if p.Newer {
		to := min(p.ID+h.page, h.last)
		v.Load(p, messages(p.ID+1, to), to < h.last)
		return
	}
	before := p.ID
	if before == 0 {
		before = h.last + 1
	}
	from := max(before-h.page, 1)
	v.Load(p, messages(from, before-1), from > 1)
}

// fill loads what the View wants, as a screen does.
func (h history) fill(t *testing.T, v *View) {
	t.Helper()
	for range 1000 {
		v.Lines(80, 10)
		p, wanted := v.Wants()
		if !wanted {
			return
		}
		h.load(v, p)
	}
	t.Fatal("the view wants more and more")
}

// ids returns the ids of the messages that a View has.
func ids(v *View) (all []int64) {
	for _, e := range v.entries {
		if e.id != 0 {
			all = append(all, e.id)
		}
	}
	return all
}

func gaps(v *View) (n int) {
	for _, e := range v.entries {
		if e.gap != nil {
			n++
		}
	}
	return n
}

func expectIDs(t *testing.T, v *View, from, to int64) {
	t.Helper()
	got := ids(v)
	for i, id := range got {
		if id != from+int64(i) {
			t.Fatalf("message %d follows %d", id, from+int64(i)-1)
		}
	}
	if n := to - from + 1; int64(len(got)) != n {
		t.Fatalf("%d messages, want %d", len(got), n)
	}
}

func TestHistoryIsLoadedOnScrolling(t *testing.T) {
	h := history{last: 300, page: 50}
	v := newRoom(Options{})
	h.fill(t, v)
	expectIDs(t, v, 251, 300)
	expectShown(t, v, 291, 300)
	for range 400 {
		v.ScrollUp(1)
		h.fill(t, v)
	}
	expectIDs(t, v, 1, 300)
	expectShown(t, v, 1, 9)
	if _, wanted := v.Wants(); wanted {
		t.Error("the view wants messages before the first one")
	}
}

func TestOtherKindsHaveNoHistory(t *testing.T) {
	for _, kind := range []Kind{Conversation, Results} {
		if _, wanted := newRoom(Options{Kind: kind}).Wants(); wanted {
			t.Errorf("a view of kind %d wants messages", kind)
		}
	}
}

func TestGapIsFilled(t *testing.T) {
	h := history{last: 500, page: 50}
	for _, test := range []struct {
		name  string
		reach func(v *View)
		want  Page
	}{
		{"from below", func(v *View) { v.ScrollUp(5) }, Page{400, false}},
		{"from above", func(v *View) { v.ToTop(); v.ScrollDown(80) }, Page{99, true}},
	} {
		v := newRoom(Options{})
		for _, m := range messages(1, 99) {
			v.Add(m)
		}
		v.Add(&client.Gap{After: 99, Missed: 300})
		if _, wanted := v.Wants(); !wanted {
			t.Errorf("%s: without an end the gap hides that older messages are wanted", test.name)
		}
		v.older = false
		for _, m := range messages(400, 440) {
			v.Add(m)
		}
		test.reach(v)
		before := v.Lines(80, 10)
		if _, wanted := v.Wants(); wanted {
			t.Errorf("%s: the view wants messages although the gap is far", test.name)
		}
		for range 100 {
			if _, wanted := v.Wants(); wanted {
				break
			}
			if test.want.Newer {
				v.ScrollDown(1)
			} else {
				v.ScrollUp(1)
			}
			before = v.Lines(80, 10)
		}
		p, wanted := v.Wants()
		if !wanted || p != test.want {
			t.Fatalf("%s: the view wants %+v, want %+v", test.name, p, test.want)
		}
		h.load(v, p)
		if after := v.Lines(80, 10); !slices.Equal(after, before) {
			t.Errorf("%s: the lines moved:\n%q\n%q", test.name, before, after)
		}
		for range 700 {
			if test.want.Newer {
				v.ScrollDown(1)
			} else {
				v.ScrollUp(1)
			}
			h.fill(t, v)
		}
		expectIDs(t, v, 1, 440)
		if gaps(v) != 0 {
			t.Errorf("%s: %d gaps are left", test.name, gaps(v))
		}
	}
}

func TestGapsThatStay(t *testing.T) {
	for _, g := range []client.Gap{{After: 5, Missed: 3, Lost: true}, {After: 5}} {
		v := newRoom(Options{})
		v.older = false
		v.Add(message(5))
		v.Add(&g)
		v.Add(message(9))
		v.Lines(80, 10)
		if p, wanted := v.Wants(); wanted {
			t.Errorf("for %+v the view wants %+v", g, p)
		}
	}
	v := newRoom(Options{})
	v.older = false
	v.Add(message(5))
	v.Add(&client.Gap{After: 5, Missed: 3})
	v.Add(message(9))
	p, _ := v.Wants()
	v.Load(p, nil, false)
	if _, wanted := v.Wants(); wanted || gaps(v) != 1 {
		t.Errorf("wanted %t with %d gaps after the history had nothing, want a gap that is lost", wanted, gaps(v))
	}
}

func TestStalePage(t *testing.T) {
	v := newRoom(Options{})
	v.Add(message(100))
	v.Load(Page{}, messages(90, 99), true)
	v.Load(Page{90, false}, messages(80, 89), true)
	v.Load(Page{90, true}, messages(91, 99), true)
	if got := ids(v); !slices.Equal(got, []int64{100}) {
		t.Errorf("messages %v, want only 100", got)
	}
	v.Load(Page{100, false}, append(messages(91, 99), messages(99, 105)...), true)
	expectIDs(t, v, 91, 100)
}

// TestWantsBeforeLines loads a page and asks for the next one before the page is shown.
func TestWantsBeforeLines(t *testing.T) {
	v := newRoom(Options{})
	history{last: 300, page: 50}.load(v, Page{})
	if p, wanted := v.Wants(); wanted {
		t.Errorf("the view wants %+v although the screen is full", p)
	}
}

func TestJumpIntoLostGap(t *testing.T) {
	v := newRoom(Options{})
	v.older = false
	v.Add(message(5))
	v.Add(&client.Gap{After: 5, Missed: 3, Lost: true})
	v.Add(message(9))
	v.JumpTo(7)
	if p, wanted := v.Wants(); wanted || gaps(v) != 1 {
		t.Errorf("the view wants %+v (%t) and has %d gaps, want only the lost one", p, wanted, gaps(v))
	}
}

func TestJumpTo(t *testing.T) {
	h := history{last: 5000, page: 50}
	v := newRoom(Options{})
	h.fill(t, v)
	v.JumpTo(4990)
	h.fill(t, v)
	expectShown(t, v, 4987, 4996)
	for _, id := range []int64{700, 2000, 1, 4960, 5000, 1000} {
		v.JumpTo(id)
		h.fill(t, v)
		if got := shown(v); !slices.Contains(got, id) {
			t.Fatalf("messages %v are shown, want %d among them", got, id)
		}
		if v.Chosen() != id {
			t.Errorf("message %d is chosen, want %d", v.Chosen(), id)
		}
	}
	for v.ToTop(); !v.AtEnd(); v.ScrollDown(3) {
		h.fill(t, v)
	}
	expectIDs(t, v, 1, 5000)
	if gaps(v) != 0 {
		t.Errorf("%d gaps are left", gaps(v))
	}
	v.ToEnd()
	if v.Chosen() != 0 {
		t.Error("a message is chosen at the end")
	}
}

func TestJumpToNowhere(t *testing.T) {
	v := newRoom(Options{})
	v.JumpTo(7)
	v.Add(message(10))
	v.JumpTo(11)
	v.Lines(80, 10)
	if !v.AtEnd() {
		t.Error("not at the end after a jump to a message that does not exist")
	}
	v.JumpTo(7)
	v.Load(Page{6, true}, messages(8, 9), true) // message 7 does not exist
	if p, wanted := v.Wants(); p == (Page{6, true}) && wanted {
		t.Error("the view still wants a message that does not exist")
	}
	expectIDs(t, v, 8, 10)
}

func TestChoose(t *testing.T) {
	v := New(Options{Kind: Results})
	for id := int64(30); id > 0; id-- {
		v.Add(message(id))
	}
	v.Lines(80, 10)
	for _, want := range []int64{1, 2, 3} {
		if got := v.Choose(-1); got != want {
			t.Errorf("message %d is chosen, want %d", got, want)
		}
	}
	for range 40 {
		v.Choose(-1)
		if got := shown(v); !slices.Contains(got, v.Chosen()) {
			t.Fatalf("messages %v are shown, want %d among them", got, v.Chosen())
		}
	}
	if v.Chosen() != 30 {
		t.Errorf("message %d is chosen, want 30", v.Chosen())
	}
	for range 29 {
		v.Choose(1)
		if got := shown(v); !slices.Contains(got, v.Chosen()) {
			t.Fatalf("messages %v are shown, want %d among them", got, v.Chosen())
		}
	}
	if v.Chosen() != 1 || !v.AtEnd() {
		t.Errorf("message %d is chosen, at the end: %t; want 1 at the end", v.Chosen(), v.AtEnd())
	}
	if New(Options{}).Choose(1) != 0 {
		t.Error("a message of an empty view is chosen")
	}
}

// TestMemory says more than a View keeps while the reader is at the end, and while the reader is not.
func TestMemory(t *testing.T) {
	const all = 2 * maxEntries
	h := history{last: all, page: 500}
	v := newRoom(Options{})
	for _, m := range messages(1, all) {
		v.Add(m)
		if len(v.entries) > maxEntries+maxEntries/8 {
			t.Fatalf("%d entries", len(v.entries))
		}
	}
	expectShown(t, v, all-9, all)
	first := ids(v)[0]
	v.ToTop()
	p, wanted := v.Wants()
	if !wanted || p != (Page{first, false}) {
		t.Errorf("the view wants %+v, want what is before %d", p, first)
	}

	v = newRoom(Options{})
	for _, m := range messages(1, 1000) {
		v.Add(m)
	}
	v.older = false
	v.ToTop()
	v.ScrollDown(300)
	before := shown(v)
	for _, m := range messages(1001, all) {
		v.Add(m)
		if len(v.entries) > maxEntries+maxEntries/8 {
			t.Fatalf("%d entries", len(v.entries))
		}
	}
	if after := shown(v); !slices.Equal(after, before) {
		t.Errorf("messages %v are shown, want %v", after, before)
	}
	if gaps(v) != 1 {
		t.Errorf("%d gaps, want 1", gaps(v))
	}
	next := before[len(before)-1]
	for !v.AtEnd() {
		v.ScrollDown(9)
		h.fill(t, v)
		for _, id := range shown(v) {
			if id > next+1 {
				t.Fatalf("message %d follows %d", id, next)
			}
			next = max(next, id)
		}
	}
	if next != all {
		t.Errorf("message %d is the last one, want %d", next, all)
	}

	for v.ToTop(); ; v.ScrollUp(400) {
		h.fill(t, v)
		if len(v.entries) > maxEntries+maxEntries/8 {
			t.Fatalf("%d entries after loading", len(v.entries))
		}
		if ids(v)[0] == 1 {
			break
		}
	}
	v.ToEnd()
	expectShown(t, v, all-9, all)
}

// TestReaderStaysInPlace adds and loads while the reader is not at the end.
func TestReaderStaysInPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	h := history{last: 1 << 40, page: 30}
	v := newRoom(Options{})
	id := int64(10_000)
	for range 500 {
		id++
		v.Add(message(id))
		if v.AtEnd() {
			v.ScrollUp(random.IntN(200))
			continue
		}
		before := plain(v.Lines(80, 10))
		switch random.IntN(4) {
		case 0:
			v.Add(&client.Joined{At: noon, Nick: "carol"})
		case 1:
			v.AddLine(Answer, "one\ntwo")
		case 2:
			h.load(v, Page{v.oldest(), false})
		case 3:
			v.Add(&client.Gap{After: id, Missed: 4})
			id += 4
		}
		// The first two lines may have been separators.
		if after := plain(v.Lines(80, 10)); !slices.Equal(after[2:], before[2:]) {
			t.Fatalf("the lines moved from\n%q to\n%q", before, after)
		}
		v.ScrollUp(random.IntN(20) - 8)
		v.ScrollDown(random.IntN(20))
	}
}
