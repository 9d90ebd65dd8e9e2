package sqlite

import "time"

// shrinkEvery is the least time between two runs of PRAGMA shrink_memory.
const shrinkEvery = 10 * time.Second

// shrink frees the pages that SQLite caches if the writer is quiet. A busy writer fills its cache up
// to cache_size, which takes about twice as much memory, and keeps it. The pragma frees the pages of
// all connections, since they share one pool. Reading the few pages that are needed again costs less
// than a commit.
func (w *writer) shrink() {
	if !w.isQuiet() || time.Since(w.shrunk) < shrinkEvery {
		return
	}
	w.exec("PRAGMA shrink_memory")
	w.shrunk = time.Now()
}
