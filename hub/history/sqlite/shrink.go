package sqlite

import "time"

// shrinkEvery is the least time between two runs of PRAGMA shrink_memory.
const shrinkEvery = 10 * time.Second

// shrink frees the pages that SQLite caches if the writer is quiet. A busy writer fills its cache up
// to cache_size, which takes about twice as much memory, and keeps it. The pragma frees the pages of
// all connections, since they share one pool. Reading the few pages that are needed again costs less
// than a commit.
func (m *maintenance) shrink() {
	if !m.isQuiet() || time.Since(m.shrunk) < shrinkEvery {
		return
	}
	m.w.exec("PRAGMA shrink_memory")
	m.shrunk = time.Now()
}
