package hubtest

import (
	"fmt"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// testUnknown asks for what comes after ids that this journal never gave, and for
// everything.
func testUnknown(t *testing.T, j history.Journal) {
	base := j.Open("r")
	var first, last int64
	for i := range 3 {
		m, _ := put(t, j, "r", "", fmt.Sprint(i))
		if last = m.ID; i == 0 {
			first = m.ID
		}
	}
	found, missing, err := readAfter(j, "r", 0, last, 10)
	if len(found) != 3 || missing != nil || err != nil {
		t.Errorf("everything: %d messages, missing %v, %v", len(found), missing, err)
	}
	if base > 1 {
		want := wire.Gap{After: base - 1, Before: first, Missed: -1, Lost: true}
		found, missing, err = readAfter(j, "r", base-1, last, 10)
		if len(found) != 3 || len(missing) != 1 || missing[0] != want || err != nil {
			t.Errorf("after an id of another journal: %d messages, missing %v, %v; want %v", len(found), missing, err, want)
		}
	}
	found, missing, err = readAfter(j, "r", last, last, 10)
	if len(found) > 0 || missing != nil || err != nil {
		t.Errorf("after the last: %v, missing %v, %v", found, missing, err)
	}
}

// testKeepsNone: a journal that keeps no messages still gives them their places, and says
// what is missing.
func testKeepsNone(t *testing.T, j history.Journal) {
	base := j.Open("r")
	put(t, j, "r", "k", "one")
	m, _ := put(t, j, "r", "", "two")
	if again, repeated := put(t, j, "r", "k", "one"); !repeated || again.ID >= m.ID {
		t.Errorf("a key again: id %d, repeated %v", again.ID, repeated)
	}
	found, missing, err := readAfter(j, "r", base, m.ID, 10)
	want := wire.Gap{After: base, Missed: 2, Lost: true}
	if len(found) > 0 || len(missing) != 1 || missing[0] != want || err != nil {
		t.Errorf("after: %v, missing %v, %v; want %v", found, missing, err, want)
	}
	if found, more, err := readBefore(j, "r", 1<<53, 10); len(found) > 0 || more || err != nil {
		t.Errorf("before: %v, more %v, %v", found, more, err)
	}
	if found, more, err := search(j, "r", history.NewQuery("two"), 1<<53, 10); len(found) > 0 || more || err != nil {
		t.Errorf("searched: %v, more %v, %v", found, more, err)
	}
	if !hasGap(t, j, "r", base) || hasGap(t, j, "r", m.ID) {
		t.Error("it lacks something else")
	}
}

// oldAge is what testAge takes for old. It may not take a journal much longer to see that.
const oldAge = 100 * time.Millisecond

// testAge waits until a message is old: then it is missing, and its key is still known.
func testAge(t *testing.T, j history.Journal) {
	base := j.Open("r")
	old, _ := put(t, j, "r", "k", "old")
	late := time.After(patience)
	look := time.NewTicker(oldAge / 5)
	defer look.Stop()
	for !hasGap(t, j, "r", base) {
		select {
		case <-look.C:
		case <-late:
			t.Fatal("an old message is kept")
		}
	}
	if age := time.Since(old.At); age < oldAge {
		t.Errorf("a message is old after %v", age)
	}
	found, missing, err := readAfter(j, "r", base, old.ID, 10)
	if want := (wire.Gap{After: base, Missed: 1, Lost: true}); len(found) > 0 || len(missing) != 1 || missing[0] != want || err != nil {
		t.Errorf("after: %v, missing %v, %v; want %v", found, missing, err, want)
	}
	if again, repeated := put(t, j, "r", "k", "old"); !repeated || again.ID != old.ID {
		t.Errorf("the key of an old message: id %d, repeated %v", again.ID, repeated)
	}
	m, _ := put(t, j, "r", "", "new")
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
