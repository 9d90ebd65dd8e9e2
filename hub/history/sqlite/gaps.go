package sqlite

// countIDsLocked returns how many ids from first to last were given to messages, or -1 if that
// is not known.
func (r *room) countIDsLocked(first, last int64) int64 {
	if first <= r.sparse {
		if first < r.firstKept() {
			return -1
		}
		first = min(r.sparse, last) + 1
	}
	for _, u := range r.uncertain {
		// saveRoom deletes ranges that are older than every message, except for the newest.
		oldest := u.last < r.firstKept()
		if first <= u.last && (u.first <= last || oldest) {
			return -1
		}
	}
	return last - first + 1
}

// hasGapLocked reports whether a message after an id is missing. If the room is not loaded it
// assumes so.
func (r *room) hasGapLocked(after int64) bool {
	switch {
	case !r.loaded:
		return true
	case after == 0:
		after = r.base
	case after < r.base:
		return true
	}
	lost := r.lost
	if lost <= r.sparse {
		lost = 0 // see countIDsLocked
	}
	return after < max(lost, r.firstKept()-1)
}
