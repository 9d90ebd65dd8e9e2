// Package sqlite stores the history of rooms in an SQLite database, so that it outlives the
// process.
//
// # Files
//
// The folder of a [Journal] has the database partyline.db, SQLite's write-ahead log
// partyline.db-wal with its index partyline.db-shm, and partyline.lock, which is locked while a
// process uses the folder. The log is copied into the database from time to time (checkpoint.go).
// If the files are deleted or replaced while the Journal is open, it notices that and writes them
// again if possible (files.go, restore.go).
//
// # Writer
//
// One goroutine, the writer, changes the database. It stores all messages that were appended
// during its last transaction in the next one (batch.go), and then calls their commit functions.
// The state of the rooms in use, and their newest messages, are also in memory (room.go,
// cache.go). Reads and searches have connections of their own (read.go, search.go) and run on the
// goroutine of their caller.
//
// # Maintenance
//
// Between transactions the writer does maintenance in slices of about a millisecond
// (maintain.go): it deletes messages that are no longer retained, by number and by age
// (expire.go), and adds messages to the search index (index.go).
//
// # Failures
//
// If a transaction fails, the writer refuses the messages, or with [Live] commits them unstored,
// and probes the disk until it works again (health.go). Ids are never given twice, even if the
// file could not be written: see room.go.
//
// # Copies
//
// [Export] reads a history as a stream of Records, also while a Journal has it open, and an [Import]
// makes a history of them. [Verify] checks a history, and [Vacuum] makes its file smaller.
//
// # Goroutines
//
// A Journal has the goroutine of the writer, from Open to Close, and at times one that copies the
// log into the database.
package sqlite
