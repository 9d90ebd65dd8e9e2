package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/spf13/pflag"

	"partyline/hub"
	"partyline/hub/disk"
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
	choiceVar(f, &k.sync, "sync", string(disk.SyncFull), "what a stored message survives: full, the loss of power; normal, the end of this program", string(disk.SyncFull), string(disk.SyncNormal))
	choiceVar(f, &k.onError, "on-disk-error", string(disk.Refuse), "what becomes of messages that can't be stored: refuse, or live to have them heard, and marked", string(disk.Refuse), string(disk.Live))
}

// open returns the journal, and what closes it.
func (k *keep) open(log *slog.Logger) (hub.Journal, func(context.Context) error, error) {
	retention := hub.Retention{Messages: k.messages, Age: k.age}
	if k.dir == "" {
		return hub.NewMemory(retention), func(context.Context) error { return nil }, nil
	}
	j, err := disk.Open(k.dir, disk.Options{
		Keep: retention, Sync: disk.Sync(k.sync), OnError: disk.OnError(k.onError), Log: log,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("--data: %w", err)
	}
	return j, j.Close, nil
}
