package history

import (
	"errors"
	"slices"
	"time"

	"partyline/hub/wire"
)

const (
	// searchTime bounds a search, with its wait for others.
	searchTime = 5 * time.Second
	// searchTurn is how many messages are searched in one turn.
	searchTurn = 50
)

var errSearchTime = errors.New("the search takes too long")

// Search looks at every message, a few in each turn. Searches wait for their turns, so that
// a search in a large room delays neither readers of history nor a search in a small room
// by more than a few turns. When its time is over it returns what it has found.
func (j *Memory) Search(room string, q *Query, before int64, limit int) ([]*wire.Message, bool, error) {
	late := time.NewTimer(searchTime)
	defer late.Stop()
	var found []*wire.Message
	for more := true; more; {
		select {
		case j.searching <- struct{}{}:
		case <-late.C:
			if len(found) == 0 {
				return nil, false, errSearchTime
			}
			return found, true, nil
		}
		var turn []*wire.Message
		turn, before, more = j.searchOn(room, q, before)
		<-j.searching
		found = append(found, turn...)
		if len(found) > limit {
			return found[:limit], true, nil
		}
	}
	return found, false, nil
}

// searchOn returns which of the newest messages before an id match, newest first, the id
// before which to go on, and whether there is more to search.
func (j *Memory) searchOn(room string, q *Query, before int64) (found []*wire.Message, next int64, more bool) {
	if before <= 0 {
		return nil, 0, false
	}
	page, _ := j.Read(room, Range{Before: before, Limit: searchTurn, Newest: true})
	for _, m := range slices.Backward(page.Messages) { // not under a lock
		if q.Matches(m) {
			found = append(found, m)
		}
		before = m.ID
	}
	return found, before, page.More
}
