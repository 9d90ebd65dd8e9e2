package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/spf13/pflag"

	"partyline/hub/history"
	"partyline/hub/history/sqlite"
)

// keep says what is kept of what was said, and where.
type keep struct {
	dir      string // "" for memory
	messages int    // of a room
	age      time.Duration
	sync     string
	onError  string
}

func (k *keep) addFlags(f *pflag.FlagSet) {
	f.StringVar(&k.dir, "data", "", `folder in which history is kept on disk; "" to keep it in memory`)
	intVar(f, &k.messages, "history", 1000, 0, math.MaxInt32, "messages that a room keeps")
	durationVar(f, &k.age, "history-age", 0, 0, "time for which it keeps them; 0 for no bound")
	choiceVar(f, &k.sync, "sync", string(sqlite.SyncFull), "what a stored message survives: full, the loss of power; normal, the end of this program", string(sqlite.SyncFull), string(sqlite.SyncNormal))
	choiceVar(f, &k.onError, "on-disk-error", string(sqlite.Refuse), "what becomes of messages that can't be stored: refuse, or live to have them heard, and marked", string(sqlite.Refuse), string(sqlite.Live))
}

// open returns the journal, and what closes it.
func (k *keep) open(log *slog.Logger) (history.Journal, func(context.Context) error, error) {
	retention := history.Retention{Messages: k.messages, Age: k.age}
	if k.dir == "" {
		return history.NewMemory(retention), func(context.Context) error { return nil }, nil
	}
	j, err := sqlite.Open(k.dir, sqlite.Options{
		Keep: retention, Sync: sqlite.Sync(k.sync), OnError: sqlite.OnError(k.onError), Log: log,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("--data: %w", err)
	}
	return j, j.Close, nil
}
