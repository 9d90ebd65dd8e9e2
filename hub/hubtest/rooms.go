package hubtest

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// TestRooms tests the contract of history.Journal for many rooms. open returns a new Journal that
// keeps the history of at least kept and at most twice as many rooms without members, or of all
// rooms if kept is 0.
func TestRooms(t *testing.T, kept int, open func(history.Retention) history.Journal) {
	f := forgetTest{rooms: cmp.Or(kept, 1), forgets: kept > 0}
	keep := history.Retention{Messages: 10}
	t.Run("small rooms go first", func(t *testing.T) { f.testSmallFirst(t, open(keep)) })
	t.Run("young rooms go first", func(t *testing.T) { f.testYoungFirst(t, open(keep)) })
	t.Run("open rooms stay", func(t *testing.T) { f.testOpenStay(t, open(keep)) })
	l := load{forgetTest: f, keep: history.Retention{Messages: loadKept}, time: 300 * time.Millisecond}
	t.Run("under load", func(t *testing.T) { l.test(t, open(l.keep)) })
	l.keep.Age, l.time = 100*time.Millisecond, time.Second // sqlite deletes old messages twice a second
	t.Run("under load with an age", func(t *testing.T) { l.test(t, open(l.keep)) })
}

// A forgetTest tests which rooms a Journal forgets.
type forgetTest struct {
	rooms   int
	forgets bool // otherwise all rooms keep their history, and rooms is a small number
}

// fill opens a room, appends n messages and releases it. It returns the result of Open.
func fill(t *testing.T, j history.Journal, room string, n int) (base int64) {
	t.Helper()
	base = j.Open(room, nil)
	for i := range n {
		appendText(t, j, room, "", fmt.Sprint(i))
	}
	j.Release(room)
	return base
}

// count returns the number of messages of a room.
func count(t *testing.T, j history.Journal, room string) int {
	t.Helper()
	found, _, err := readBefore(j, room, 1<<53, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range found {
		if m.Room != room {
			t.Errorf("%s has %+v", room, m)
		}
	}
	return len(found)
}

// flood appends n messages to each of many new rooms.
func (f forgetTest) flood(t *testing.T, j history.Journal, n int) {
	t.Helper()
	rooms := 10 * f.rooms
	name := func(i int) string { return fmt.Sprintf("new-%d-%d", n, i) }
	for i := range rooms {
		fill(t, j, name(i), n)
	}
	left := 0
	for i := range rooms {
		switch got := count(t, j, name(i)); got {
		case n:
			left++
		case 0:
		default:
			t.Errorf("%s has %d messages of %d", name(i), got, n)
		}
	}
	if f.forgets && left > 2*f.rooms || !f.forgets && left < rooms {
		t.Errorf("%d of %d rooms are left", left, rooms)
	}
}

// testSmallFirst checks that rooms with few messages are forgotten before rooms with many, even if
// the small rooms are older, and that nothing is left of a forgotten room.
func (f forgetTest) testSmallFirst(t *testing.T, j history.Journal) {
	base := j.Open("small", nil)
	first, _ := appendText(t, j, "small", "", "x")
	j.Release("small")
	name := func(i int) string { return fmt.Sprint("large-", i) }
	for i := range f.rooms {
		fill(t, j, name(i), 3)
	}
	f.flood(t, j, 2)
	for i := range f.rooms {
		if n := count(t, j, name(i)); n != 3 {
			t.Errorf("%s has %d messages", name(i), n)
		}
	}
	if !f.forgets {
		return
	}
	if n := count(t, j, "small"); n != 0 {
		t.Errorf("the smallest room has %d messages", n)
	}
	again := j.Open("small", nil)
	if again < first.ID {
		t.Errorf("a forgotten room is opened at %d, it gave %d", again, first.ID)
	}
	m, _ := appendText(t, j, "small", "", "x")
	if m.ID <= again {
		t.Errorf("a forgotten room that is opened at %d continues with %d", again, m.ID)
	}
	want := wire.Gap{After: base, Before: m.ID, Missed: -1, Lost: true}
	if found, gaps, err := readAfter(j, "small", base, m.ID, 10); len(found) != 1 || len(gaps) != 1 || gaps[0] != want || err != nil {
		t.Errorf("after an id that was forgotten: %v, gaps %v, %v; want %v", found, gaps, err, want)
	}
}

// testYoungFirst checks that of rooms with equally many messages the youngest are forgotten first.
func (f forgetTest) testYoungFirst(t *testing.T, j history.Journal) {
	name := func(i int) string { return fmt.Sprint("old-", i) }
	for i := range f.rooms {
		fill(t, j, name(i), 1)
	}
	for i := range f.rooms { // opening a room again does not make it younger
		fill(t, j, name(i), 0)
	}
	f.flood(t, j, 1)
	for i := range f.rooms {
		if n := count(t, j, name(i)); n != 1 {
			t.Errorf("%s has %d messages", name(i), n)
		}
	}
}

// testOpenStay checks that open rooms are not forgotten, however many and small they are.
func (f forgetTest) testOpenStay(t *testing.T, j history.Journal) {
	rooms := 2*f.rooms + 3
	name := func(i int) string { return fmt.Sprint("open-", i) }
	bases := make([]int64, rooms)
	for i := range rooms {
		bases[i] = j.Open(name(i), nil)
		fill(t, j, name(i), i%2) // half of them have no message
	}
	f.flood(t, j, 2)
	for i, base := range bases {
		said := i % 2
		m, _ := appendText(t, j, name(i), "", fmt.Sprint(said))
		found, gaps, err := readAfter(j, name(i), base, m.ID, 10)
		if gaps != nil || err != nil {
			t.Errorf("%s: gaps %v, %v", name(i), gaps, err)
		}
		checkPage(t, found, 0, said+1)
	}
}
