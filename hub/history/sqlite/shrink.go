package sqlite

import "time"

// shrinkEvery is the least time between two calls of PRAGMA shrink_memory.
const shrinkEvery = 10 * time.Second

// shrink frees the pages that SQLite caches, if nothing was said for a moment and no
// maintenance is due. A busy writer fills its cache up to its cache_size, which takes about
// twice as much memory, and would keep all of it for as long as it is quiet. The pragma frees
// the pages of all connections, since they share one pool. Reading the few that are needed
// again costs less than a commit.
func (w *writer) shrink() {
	if !w.isQuiet() || time.Since(w.shrunk) < shrinkEvery {
		return
	}
	w.exec("PRAGMA shrink_memory")
	w.shrunk = time.Now()
}
