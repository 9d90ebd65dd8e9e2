package hubtest

import (
	"fmt"
	"sync"
	"testing"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// TestJournal is the contract of hub.Journal, except what TestRooms and Histories test. open
// returns a new Journal.
func TestJournal(t *testing.T, open func(history.Retention) history.Journal) {
	t.Run("order", func(t *testing.T) { testOrder(t, open(history.Retention{Messages: 1000})) })
	t.Run("pages", func(t *testing.T) { testPages(t, open(history.Retention{Messages: 10})) })
	t.Run("keys", func(t *testing.T) { testKeys(t, open(history.Retention{Messages: 10})) })
	t.Run("rooms", func(t *testing.T) { testRooms(t, open(history.Retention{Messages: 10})) })
	t.Run("many rooms", func(t *testing.T) { testManyRooms(t, open(history.Retention{Messages: 1000})) })
	t.Run("a key twice at once", func(t *testing.T) { testKeyTwice(t, open(history.Retention{Messages: 10})) })
	t.Run("search", func(t *testing.T) { testSearch(t, open(history.Retention{Messages: 40})) })
	t.Run("unknown ids", func(t *testing.T) { testUnknown(t, open(history.Retention{Messages: 10})) })
	t.Run("keeps none", func(t *testing.T) { testKeepsNone(t, open(history.Retention{})) })
	t.Run("age", func(t *testing.T) { testAge(t, open(history.Retention{Messages: 10, Age: oldAge})) })
}

// put appends a message and waits for its commit.
func put(t *testing.T, j history.Journal, room, key, text string) (m *wire.Message, repeated bool) {
	t.Helper()
	m = &wire.Message{Room: room, Text: text}
	done := make(chan error, 1)
	j.Append(m, key, func(f history.Result) {
		repeated = f.Repeated
		done <- f.Err
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return m, repeated
}

// readAfter returns the oldest messages of a room with after < id <= upTo, and the gaps.
func readAfter(j history.Journal, room string, after, upTo int64, limit int) ([]*wire.Message, []wire.Gap, error) {
	page, err := j.Read(room, history.Range{After: after, Before: upTo + 1, Limit: limit})
	var gaps []wire.Gap
	for _, g := range page.Gaps {
		gaps = append(gaps, *g)
	}
	return page.Messages, gaps, err
}

// readBefore returns the newest messages of a room with id < before, and whether there are
// older ones.
func readBefore(j history.Journal, room string, before int64, limit int) (found []*wire.Message, more bool, err error) {
	page, err := j.Read(room, history.Range{Before: before, Limit: limit, Newest: true})
	return page.Messages, page.More, err
}

// hasGap reports whether messages after an id are missing.
func hasGap(t *testing.T, j history.Journal, room string, after int64) bool {
	t.Helper()
	page, err := j.Read(room, history.Range{After: after})
	if len(page.Messages) > 0 || len(page.Gaps) > 1 || page.More || err != nil {
		t.Errorf("without a limit, after %d in %s: %+v, %v", after, room, page, err)
	}
	return len(page.Gaps) > 0
}

// testOrder appends from many goroutines: commits come in the order of the ids, and what
// is read back is what was committed.
func testOrder(t *testing.T, j history.Journal) {
	const talkers, each = 8, 100
	start := j.Open("r")
	var mu sync.Mutex
	var commits []*wire.Message
	var wg, committed sync.WaitGroup
	committed.Add(talkers * each)
	for i := range talkers {
		wg.Go(func() {
			for k := range each {
				m := &wire.Message{Room: "r", Text: fmt.Sprintf("%d %d", i, k)}
				j.Append(m, "", func(history.Result) {
					mu.Lock()
					commits = append(commits, m)
					mu.Unlock()
					committed.Done()
				})
			}
		})
	}
	wg.Wait()
	committed.Wait()
	last := start
	next := make([]int, talkers)
	for _, m := range commits {
		if m.ID <= last {
			t.Fatalf("id %d is committed after %d", m.ID, last)
		}
		last = m.ID
		var i, k int
		fmt.Sscan(m.Text, &i, &k)
		if k != next[i] {
			t.Fatalf("talker %d: message %d comes in the place of %d", i, k, next[i])
		}
		next[i]++
	}
	if got := j.Open("r"); got != last {
		t.Errorf("last is %d, committed %d", got, last)
	}
	found, missing, err := readAfter(j, "r", start, last, 10_000)
	if err != nil || missing != nil || len(found) != len(commits) {
		t.Fatalf("%d messages, missing %v, %v", len(found), missing, err)
	}
	for i, m := range found {
		if m.ID != commits[i].ID || m.Text != commits[i].Text {
			t.Fatalf("message %d is read back as %+v", i, m)
		}
	}
}

func testPages(t *testing.T, j history.Journal) {
	var all []*wire.Message
	base := j.Open("r")
	for i := range 15 { // five are forgotten
		m, _ := put(t, j, "r", "", fmt.Sprint(i))
		all = append(all, m)
	}
	id := func(i int) int64 { return all[i].ID }
	after := func(from, upTo int64, limit, first, n int, whole bool) {
		t.Helper()
		found, missing, err := readAfter(j, "r", from, upTo, limit)
		checkPage(t, found, first, n)
		if (missing == nil) != whole || err != nil {
			t.Errorf("after %d: missing %v, %v", from, missing, err)
		}
	}
	after(id(4), id(14), 100, 5, 10, true)
	after(id(4), id(9), 100, 5, 5, true)
	after(id(4), id(14), 3, 5, 3, true)
	after(id(14), id(14), 3, 0, 0, true)
	after(id(3), id(14), 100, 5, 10, false)
	after(base, id(14), 100, 5, 10, false)
	after(0, id(14), 2, 5, 2, false)
	want := wire.Gap{After: id(2), Before: id(5), Missed: 2, Lost: true}
	if _, missing, _ := readAfter(j, "r", id(2), id(14), 1); len(missing) != 1 || missing[0] != want {
		t.Errorf("missing: %v, want %v", missing, want)
	}
	if hasGap(t, j, "r", id(4)) || !hasGap(t, j, "r", id(3)) {
		t.Error("it lacks something else")
	}
	for _, r := range []struct {
		history.Range
		more bool
	}{
		{history.Range{After: id(4), Limit: 9}, true},
		{history.Range{After: id(4), Limit: 10}, false},
		{history.Range{After: id(4), Before: id(10), Limit: 5}, false},
		{history.Range{After: id(4), Before: id(10), Limit: 4}, true},
		{history.Range{After: id(7), Before: id(10), Limit: 2, Newest: true}, false},
		{history.Range{After: id(7), Before: id(10), Limit: 1, Newest: true}, true},
	} {
		page, err := j.Read("r", r.Range)
		if page.More != r.more || err != nil {
			t.Errorf("%+v: more %v, %v", r.Range, page.More, err)
		}
		for _, m := range page.Messages {
			if m.ID <= r.After || r.Before != 0 && m.ID >= r.Before {
				t.Errorf("%+v: id %d", r.Range, m.ID)
			}
		}
	}
	before := func(end int64, limit, first, n int, more bool) {
		t.Helper()
		found, gotMore, err := readBefore(j, "r", end, limit)
		checkPage(t, found, first, n)
		if gotMore != more || err != nil {
			t.Errorf("before %d: more %v, %v", end, gotMore, err)
		}
	}
	before(id(14)+1, 4, 11, 4, true)
	before(id(14), 4, 10, 4, true)
	before(id(8), 3, 5, 3, false)
	before(id(8), 100, 5, 3, false)
	before(id(2), 100, 0, 0, false)
	before(1<<53, 100, 5, 10, false)
}

func checkPage(t *testing.T, found []*wire.Message, first, n int) {
	t.Helper()
	if len(found) != n {
		t.Errorf("%d messages, want %d", len(found), n)
		return
	}
	for i, m := range found {
		if m.Text != fmt.Sprint(first+i) {
			t.Errorf("message %d is %q, want %d", i, m.Text, first+i)
		}
	}
}

func testKeys(t *testing.T, j history.Journal) {
	first, repeated := put(t, j, "r", "k", "first")
	if repeated {
		t.Error("the first is a repetition")
	}
	again, repeated := put(t, j, "r", "k", "second")
	if !repeated || again.ID != first.ID {
		t.Errorf("again: id %d, first %d, repeated %v", again.ID, first.ID, repeated)
	}
	other, repeated := put(t, j, "other", "k", "elsewhere")
	if repeated {
		t.Error("a key of another room counts")
	}
	if found, _, _ := readBefore(j, "r", 1<<53, 10); len(found) != 1 || found[0].Text != "first" {
		t.Errorf("kept: %v", found)
	}
	if found, _, _ := readBefore(j, "other", other.ID+1, 10); len(found) != 1 {
		t.Errorf("kept elsewhere: %v", found)
	}
}

func testRooms(t *testing.T, j history.Journal) {
	told := j.Open("new") // what a newcomer to an empty room is told
	m, _ := put(t, j, "new", "", "x")
	if m.ID <= told {
		t.Errorf("id %d after the newcomer was told %d", m.ID, told)
	}
	if found, missing, _ := readAfter(j, "new", told, m.ID, 10); len(found) != 1 || missing != nil {
		t.Errorf("since what it was told: %d messages, missing %v", len(found), missing)
	}
	last := j.Open("empty")
	if found, missing, _ := readAfter(j, "empty", last, last, 10); len(found) != 0 || missing != nil {
		t.Errorf("in an empty room: %d messages, missing %v", len(found), missing)
	}
	if m.ID >= 1<<53 {
		t.Errorf("id %d is beyond what JavaScript counts", m.ID)
	}
}
