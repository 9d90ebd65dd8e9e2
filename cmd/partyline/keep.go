package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	f.IntVar(&k.messages, "history", 1000, "messages that a room keeps")
	f.DurationVar(&k.age, "history-age", 0, "time for which it keeps them; 0 for no bound")
	f.StringVar(&k.sync, "sync", string(disk.SyncFull), "what a stored message survives: full, the loss of power; normal, the end of this program")
	f.StringVar(&k.onError, "on-disk-error", string(disk.Refuse), "what becomes of messages that can't be stored: refuse, or live to have them heard, and marked")
}

func (k *keep) check() error {
	switch {
	case k.messages < 0:
		return errors.New("--history is below 0")
	case k.age < 0:
		return errors.New("--history-age is below 0")
	case k.sync != string(disk.SyncFull) && k.sync != string(disk.SyncNormal):
		return errors.New("--sync is full or normal")
	case k.onError != string(disk.Refuse) && k.onError != string(disk.Live):
		return errors.New("--on-disk-error is refuse or live")
	}
	return nil
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
