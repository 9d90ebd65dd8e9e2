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

var defaultHistory = historyFlags{Messages: hub.DefaultMessages, Sync: string(sqlite.SyncFull), OnError: string(sqlite.Refuse)}

func (h *historyFlags) addFlags(f *pflag.FlagSet) {
	f.StringVar(&h.Dir, "data", h.Dir, `folder for the history on disk; "" to keep the history in memory`)
	intVar(f, &h.Messages, "history", 0, math.MaxInt32, "maximum number of messages in the history of a room")
	durationVar(f, &h.Age, "history-age", 0, "age at which a message leaves the history; 0 for no limit")
	choiceVar(f, &h.Sync, "sync", "failure that a stored message survives: full for a power failure, normal for a crash of the program only", string(sqlite.SyncFull), string(sqlite.SyncNormal))
	choiceVar(f, &h.OnError, "on-disk-error", "what happens to messages while the disk fails: refuse refuses them, live delivers them marked as not stored", string(sqlite.Refuse), string(sqlite.Live))
}

// open returns the journal of messages and a function that closes it. source is the flag or the
// variable that has set the folder; an error about the folder names it.
func (h *historyFlags) open(source string, log *slog.Logger) (history.Journal, func(context.Context) error, error) {
	retention := history.Retention{Messages: h.Messages, Age: h.Age}
	if h.Dir == "" {
		return history.NewMemory(retention), func(context.Context) error { return nil }, nil
	}
	j, err := sqlite.Open(h.Dir, sqlite.Options{
		Retention: retention, Sync: sqlite.Sync(h.Sync), OnError: sqlite.OnError(h.OnError), Log: log,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", source, err)
	}
	return j, j.Close, nil
}
