package sqlite

import (
	"partyline/hub/history"
	"partyline/hub/wire"
)

// missing returns which messages are missing between the id after, an id up to which was
// looked, and the messages found there. Ids are given one by one, so what is missing is
// where the ids found do not follow one another. j.mu is held.
func (r *room) missing(after, upTo int64, found []*wire.Message) []history.Missing {
	begin := after
	if after == 0 { // everything is asked for
		begin = r.base
	}
	if len(found) == 0 {
		if upTo <= begin {
			return nil
		}
		return []history.Missing{{After: after, Count: r.given(begin+1, upTo)}}
	}
	var list []history.Missing
	for _, m := range found {
		if m.ID > begin+1 {
			list = append(list, history.Missing{After: after, Before: m.ID, Count: r.given(begin+1, m.ID-1)})
		}
		begin, after = m.ID, m.ID
	}
	return list
}

// given returns how many ids of a run were given to messages; -1 if nobody knows.
func (r *room) given(first, last int64) int64 {
	if first <= r.base { // of another history
		return -1
	}
	for _, jump := range r.jumps {
		// If it is older than every message, the file may lack others before it.
		oldest := jump.last < r.next()
		if first <= jump.last && (jump.first <= last || oldest) {
			return -1
		}
	}
	return last - first + 1
}

// lacks reports whether a message after an id is missing. j.mu is held.
func (r *room) lacks(after int64) bool {
	switch {
	case !r.loaded:
		return true
	case after == 0:
		after = r.base
	case after < r.base:
		return true
	}
	return after < max(r.lost, r.next()-1)
}
