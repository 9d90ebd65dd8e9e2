package history

import (
	"errors"
	"slices"
	"time"

	"partyline/hub/wire"
)

const (
	// searchTime bounds the time of a search, which includes waiting for other searches.
	searchTime = 5 * time.Second
	// searchStepSize is the number of messages that a search checks before it lets other searches
	// continue.
	searchStepSize = 50
)

var errSearchTime = errors.New("the search takes too long")

// Search implements Searcher. It checks all messages, searchStepSize at a time, and waits for
// other searches between two steps: a search in a large room delays neither reads nor a search in
// a small room by more than a few steps. When its time is up it returns what it has found.
func (j *Memory) Search(room string, q *Query, before int64, limit int) ([]*wire.Message, bool, error) {
	timeout := time.NewTimer(searchTime)
	defer timeout.Stop()
	var found []*wire.Message
	for more := true; more; {
		select {
		case j.searchSlots <- struct{}{}:
		case <-timeout.C:
			if len(found) == 0 {
				return nil, false, errSearchTime
			}
			return found, true, nil
		}
		var matches []*wire.Message
		matches, before, more = j.searchStep(room, q, before)
		<-j.searchSlots
		found = append(found, matches...)
		if len(found) > limit {
			return found[:limit], true, nil
		}
	}
	return found, false, nil
}

// searchStep checks the newest messages before an id. It returns those that match, newest first,
// the id before which to continue, and whether there are more messages to check.
func (j *Memory) searchStep(room string, q *Query, before int64) (matches []*wire.Message, next int64, more bool) {
	if before <= 0 {
		return nil, 0, false
	}
	page, _ := j.Read(room, Range{Before: before, Limit: searchStepSize, Newest: true})
	for _, m := range slices.Backward(page.Messages) { // not under a lock
		if q.Matches(m) {
			matches = append(matches, m)
		}
		before = m.ID
	}
	return matches, before, page.More
}
