package app

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/spf13/pflag"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/history/sqlite"
)

// historyFlags are the flags for the history: which messages it keeps, and where.
type historyFlags struct {
	Dir      string // "" for memory
	Messages int    // in each room
	Age      time.Duration
	Sync     string
	OnError  string
}

// maxMessages is the maximum of --history.
const maxMessages = math.MaxInt32

var defaultHistory = historyFlags{Messages: hub.DefaultMessages, Sync: string(sqlite.SyncFull), OnError: string(sqlite.Refuse)}

func (h *historyFlags) addFlags(f *pflag.FlagSet) {
	folderVar(f, &h.Dir, "data", `folder for the history on disk; "" to keep the history in memory`)
	intVar(f, &h.Messages, "history", 0, maxMessages, "maximum number of messages in the history of a room")
	durationVar(f, &h.Age, "history-age", 0, "age at which a message leaves the history; 0 for no limit")
	choiceVar(f, &h.Sync, "sync", "failure that a stored message survives: full for a power failure, normal for a crash of the program only", string(sqlite.SyncFull), string(sqlite.SyncNormal))
	choiceVar(f, &h.OnError, "on-disk-error", "what happens to messages while the disk fails: refuse refuses them, live delivers them marked as not stored", string(sqlite.Refuse), string(sqlite.Live))
}

// A journal is the history of a server.
type journal struct {
	history.Journal
	disk *sqlite.Journal // the same; nil if it is in memory
}

// close closes a journal on disk.
func (j journal) close(ctx context.Context) error {
	if j.disk == nil {
		return nil
	}
	return j.disk.Close(ctx)
}

// failure returns why messages can't be stored on disk now, or nil.
func (j journal) failure() error {
	if j.disk == nil {
		return nil
	}
	f := j.disk.Failure()
	if f == nil {
		return nil
	}
	return fmt.Errorf("history can't be written since %s: %w (%s)", f.Since.Format(time.RFC3339), f.Err, f.Hint)
}

// historyState is the answer of /api/v1/history.
type historyState struct {
	Messages int           `json:"max_messages"` // --history
	Age      string        `json:"max_age"`      // --history-age
	Stored   *sqlite.Stats `json:"stored"`       // nil if the history is in memory
	Problem  string        `json:"problem,omitempty"`
}

// state returns what a journal keeps, and what it has on disk.
func (h *historyFlags) state(j journal) historyState {
	s := historyState{Messages: h.Messages, Age: h.Age.String()}
	if j.disk == nil {
		return s
	}
	stats, err := j.disk.Stats(context.Background())
	if err == nil {
		err = j.failure()
	}
	if s.Stored = &stats; err != nil {
		s.Problem = err.Error()
	}
	return s
}

// open returns the journal of messages. source is the flag or the variable that has set the folder; an
// error about the folder names it. stored is that of sqlite.Options.
func (h *historyFlags) open(source string, stored func(int, time.Duration), log *slog.Logger) (journal, error) {
	retention := history.Retention{Messages: h.Messages, Age: h.Age}
	if h.Dir == "" {
		return journal{Journal: history.NewMemory(retention)}, nil
	}
	j, err := sqlite.Open(h.Dir, sqlite.Options{
		Retention: retention, Sync: sqlite.Sync(h.Sync), OnError: sqlite.OnError(h.OnError), Stored: stored, Log: log,
	})
	if err != nil {
		return journal{}, fmt.Errorf("%s: %w", source, err)
	}
	return journal{j, j}, nil
}
