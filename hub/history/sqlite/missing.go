package sqlite

// given returns how many ids of a run were given to messages; -1 if nobody knows.
func (r *room) given(first, last int64) int64 {
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
