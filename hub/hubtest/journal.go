package hubtest

import (
	"fmt"
	"sync"
	"testing"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// TestJournal tests the contract of history.Journal, except for the parts that TestRooms and
// ModelTest test. open returns a new Journal.
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

// appendText appends a message and waits for its commit.
func appendText(t *testing.T, j history.Journal, room, key, text string) (m *wire.Message, repeated bool) {
	t.Helper()
	m = &wire.Message{Room: room, From: "alice", Text: text}
	done := make(chan error, 1)
	j.Append(m, key, func(result history.Result) {
		repeated = result.Repeated
		done <- result.Err
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

// testOrder appends from many goroutines. The commits must come in the order of the ids, and Read
// must return what was committed.
func testOrder(t *testing.T, j history.Journal) {
	const goroutines, each = 8, 100
	start := j.Open("r", nil)
	var mu sync.Mutex
	var commits []*wire.Message
	var wg, committed sync.WaitGroup
	committed.Add(goroutines * each)
	for i := range goroutines {
		wg.Go(func() {
			for k := range each {
				m := &wire.Message{Room: "r", From: "alice", Text: fmt.Sprintf("%d %d", i, k)}
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
	next := make([]int, goroutines)
	for _, m := range commits {
		if m.ID <= last {
			t.Fatalf("id %d is committed after %d", m.ID, last)
		}
		last = m.ID
		var i, k int
		fmt.Sscan(m.Text, &i, &k)
		if k != next[i] {
			t.Fatalf("goroutine %d: message %d comes instead of %d", i, k, next[i])
		}
		next[i]++
	}
	if got := j.Open("r", nil); got != last {
		t.Errorf("last is %d, committed %d", got, last)
	}
	found, gaps, err := readAfter(j, "r", start, last, 10_000)
	if err != nil || gaps != nil || len(found) != len(commits) {
		t.Fatalf("%d messages, gaps %v, %v", len(found), gaps, err)
	}
	for i, m := range found {
		if m.ID != commits[i].ID || m.Text != commits[i].Text {
			t.Fatalf("message %d is read back as %+v", i, m)
		}
	}
}

// testPages reads pages of a room of which the oldest messages are no longer retained.
func testPages(t *testing.T, j history.Journal) {
	var all []*wire.Message
	base := j.Open("r", nil)
	for i := range 15 { // five are too many
		m, _ := appendText(t, j, "r", "", fmt.Sprint(i))
		all = append(all, m)
	}
	id := func(i int) int64 { return all[i].ID }
	after := func(from, upTo int64, limit, first, n int, whole bool) {
		t.Helper()
		found, gaps, err := readAfter(j, "r", from, upTo, limit)
		checkPage(t, found, first, n)
		if (gaps == nil) != whole || err != nil {
			t.Errorf("after %d: gaps %v, %v", from, gaps, err)
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
	if _, gaps, _ := readAfter(j, "r", id(2), id(14), 1); len(gaps) != 1 || gaps[0] != want {
		t.Errorf("gaps: %v, want %v", gaps, want)
	}
	if hasGap(t, j, "r", id(4)) || !hasGap(t, j, "r", id(3)) {
		t.Error("the wrong messages are missing")
	}
	testMore(t, j, id)
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

// testMore checks Page.More, and that messages are in their range. The room has the messages 5 to
// 14, whose ids are those of id.
func testMore(t *testing.T, j history.Journal, id func(i int) int64) {
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
}

// checkPage checks that a page has n messages, whose texts are numbers from first on.
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

// testKeys repeats a key in its room and in another one.
func testKeys(t *testing.T, j history.Journal) {
	first, repeated := appendText(t, j, "r", "k", "first")
	if repeated {
		t.Error("the first is a repetition")
	}
	again, repeated := appendText(t, j, "r", "k", "second")
	if !repeated || again.ID != first.ID {
		t.Errorf("again: id %d, first %d, repeated %v", again.ID, first.ID, repeated)
	}
	other, repeated := appendText(t, j, "other", "k", "elsewhere")
	if repeated {
		t.Error("a key of another room counts")
	}
	if found, _, _ := readBefore(j, "r", 1<<53, 10); len(found) != 1 || found[0].Text != "first" {
		t.Errorf("stored: %v", found)
	}
	if found, _, _ := readBefore(j, "other", other.ID+1, 10); len(found) != 1 {
		t.Errorf("stored in the other room: %v", found)
	}
}

// testRooms checks ids in new and empty rooms.
func testRooms(t *testing.T, j history.Journal) {
	base := j.Open("new", nil)
	m, _ := appendText(t, j, "new", "", "x")
	if m.ID <= base {
		t.Errorf("id %d, opened at %d", m.ID, base)
	}
	if found, gaps, _ := readAfter(j, "new", base, m.ID, 10); len(found) != 1 || gaps != nil {
		t.Errorf("after the id from Open: %d messages, gaps %v", len(found), gaps)
	}
	last := j.Open("empty", nil)
	if found, gaps, _ := readAfter(j, "empty", last, last, 10); len(found) != 0 || gaps != nil {
		t.Errorf("in an empty room: %d messages, gaps %v", len(found), gaps)
	}
	if m.ID >= 1<<53 {
		t.Errorf("id %d is not a safe integer in JavaScript", m.ID)
	}
}
