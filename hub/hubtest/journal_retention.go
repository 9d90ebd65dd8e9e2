package hubtest

import (
	"fmt"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// testUnknown reads after ids that the journal never gave.
func testUnknown(t *testing.T, j history.Journal) {
	base := j.Open("r", nil)
	var first, last int64
	for i := range 3 {
		m, _ := appendText(t, j, "r", "", fmt.Sprint(i))
		if last = m.ID; i == 0 {
			first = m.ID
		}
	}
	found, gaps, err := readAfter(j, "r", 0, last, 10)
	if len(found) != 3 || gaps != nil || err != nil {
		t.Errorf("all messages: %d messages, gaps %v, %v", len(found), gaps, err)
	}
	if base > 1 {
		want := wire.Gap{After: base - 1, Before: first, Missed: -1, Lost: true}
		found, gaps, err = readAfter(j, "r", base-1, last, 10)
		if len(found) != 3 || len(gaps) != 1 || gaps[0] != want || err != nil {
			t.Errorf("after an id of another journal: %d messages, gaps %v, %v; want %v", len(found), gaps, err, want)
		}
	}
	found, gaps, err = readAfter(j, "r", last, last, 10)
	if len(found) > 0 || gaps != nil || err != nil {
		t.Errorf("after the last: %v, gaps %v, %v", found, gaps, err)
	}
}

// testKeepsNone tests a journal that retains no messages. It must give them ids and report them as
// gaps.
func testKeepsNone(t *testing.T, j history.Journal) {
	base := j.Open("r", nil)
	appendText(t, j, "r", "k", "one")
	m, _ := appendText(t, j, "r", "", "two")
	if again, repeated := appendText(t, j, "r", "k", "one"); !repeated || again.ID >= m.ID {
		t.Errorf("a key again: id %d, repeated %v", again.ID, repeated)
	}
	found, gaps, err := readAfter(j, "r", base, m.ID, 10)
	want := wire.Gap{After: base, Missed: 2, Lost: true}
	if len(found) > 0 || len(gaps) != 1 || gaps[0] != want || err != nil {
		t.Errorf("after: %v, gaps %v, %v; want %v", found, gaps, err, want)
	}
	if found, more, err := readBefore(j, "r", 1<<53, 10); len(found) > 0 || more || err != nil {
		t.Errorf("before: %v, more %v, %v", found, more, err)
	}
	if found, more, err := search(j, "r", history.NewQuery("two"), 1<<53, 10); len(found) > 0 || more || err != nil {
		t.Errorf("searched: %v, more %v, %v", found, more, err)
	}
	if !hasGap(t, j, "r", base) || hasGap(t, j, "r", m.ID) {
		t.Error("the wrong messages are missing")
	}
}

// oldAge is the retention age in testAge. A Journal may delete messages a little later.
const oldAge = 100 * time.Millisecond

// testAge waits until a message is too old. Then it must be missing, and its key must be known.
func testAge(t *testing.T, j history.Journal) {
	base := j.Open("r", nil)
	old, _ := appendText(t, j, "r", "k", "old")
	timeout := time.After(patience)
	ticker := time.NewTicker(oldAge / 5)
	defer ticker.Stop()
	for !hasGap(t, j, "r", base) {
		select {
		case <-ticker.C:
		case <-timeout:
			t.Fatal("an old message is kept")
		}
	}
	if age := time.Since(old.At); age < oldAge {
		t.Errorf("a message is old after %v", age)
	}
	found, gaps, err := readAfter(j, "r", base, old.ID, 10)
	if want := (wire.Gap{After: base, Missed: 1, Lost: true}); len(found) > 0 || len(gaps) != 1 || gaps[0] != want || err != nil {
		t.Errorf("after: %v, gaps %v, %v; want %v", found, gaps, err, want)
	}
	if again, repeated := appendText(t, j, "r", "k", "old"); !repeated || again.ID != old.ID {
		t.Errorf("the key of an old message: id %d, repeated %v", again.ID, repeated)
	}
	m, _ := appendText(t, j, "r", "", "new")
	if m.ID <= old.ID {
		t.Errorf("%d comes after %d", m.ID, old.ID)
	}
	found, more, err := readBefore(j, "r", 1<<53, 10)
	if time.Since(m.At) < oldAge && len(found) != 1 || len(found) > 1 || more || err != nil {
		t.Errorf("before: %v, more %v, %v", found, more, err)
	}
	if found, _, err := search(j, "r", history.NewQuery("old"), 1<<53, 10); len(found) > 0 || err != nil {
		t.Errorf("an old message is found: %v, %v", found, err)
	}
}
