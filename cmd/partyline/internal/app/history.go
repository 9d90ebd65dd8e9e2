package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/history/jetstream"
	"partyline/hub/history/sqlite"
)

// historyFlags are the flags for the history: which messages it keeps, and where.
type historyFlags struct {
	Dir      string // "" for memory
	Messages int    // in each room
	Age      time.Duration
	Sync     string
	OnError  string
	NATS     natsFlags
}

// maxMessages is the maximum of --history.
const maxMessages = math.MaxInt32

var defaultHistory = historyFlags{Messages: hub.DefaultMessages, Sync: string(sqlite.SyncFull), OnError: string(sqlite.Refuse), NATS: defaultNATS}

func (h *historyFlags) addFlags(f *pflag.FlagSet) {
	folderVar(f, &h.Dir, "data", `folder for the history on disk, or with --nats for the index of searches; "" to keep the history in memory, or to have no search`)
	intVar(f, &h.Messages, "history", 0, maxMessages, "maximum number of messages in the history of a room")
	durationVar(f, &h.Age, "history-age", 0, "age at which a message leaves the history; 0 for no limit")
	choiceVar(f, &h.Sync, "sync", "failure that a stored message survives: full for a power failure, normal for a crash of the program only", string(sqlite.SyncFull), string(sqlite.SyncNormal))
	choiceVar(f, &h.OnError, "on-disk-error", "what happens to messages while the disk fails: refuse refuses them, live delivers them marked as not stored", string(sqlite.Refuse), string(sqlite.Live))
	h.NATS.addFlags(f)
}

// A journal is the history of a server.
type journal struct {
	history.Journal
	store  store              // the same; nil if it is in memory
	disk   *sqlite.Journal    // the same, if it is on disk
	shared *jetstream.Journal // the same, if it is in NATS
	index  *sqlite.Journal    // of shared, for searches; nil if there is none
}

// A store is a journal outside of the memory.
type store interface {
	history.Journal
	Close(context.Context) error
	Failure() *history.Failure
}

// close closes a journal outside of the memory.
func (j journal) close(ctx context.Context) error {
	var err error
	if j.store != nil {
		err = j.store.Close(ctx)
	}
	if j.index != nil {
		err = errors.Join(err, j.index.Close(ctx))
	}
	return err
}

// ready reports whether members may join.
func (j journal) ready() bool { return j.shared == nil || j.shared.Ready() }

// failure returns why messages can't be stored now, or nil.
func (j journal) failure() error {
	if j.store == nil {
		return nil
	}
	f := j.store.Failure()
	if f == nil {
		return nil
	}
	return fmt.Errorf("history can't be written since %s: %w (%s)", f.Since.Format(time.RFC3339), f.Err, f.Hint)
}

// historyState is the answer of /api/v1/history.
type historyState struct {
	Messages int           `json:"max_messages"` // --history
	Age      string        `json:"max_age"`      // --history-age
	Stored   *sqlite.Stats `json:"stored"`       // nil if the history is not on disk
	NATS     *natsState    `json:"nats,omitempty"`
	Problem  string        `json:"problem,omitempty"`
}

// state returns what a journal keeps, and what it has on disk.
func (h *historyFlags) state(j journal) historyState {
	s := historyState{Messages: h.Messages, Age: h.Age.String()}
	err := j.failure()
	if j.disk != nil {
		stats, statsErr := j.disk.Stats(context.Background())
		s.Stored, err = &stats, cmp.Or(statsErr, err)
	}
	if j.shared != nil {
		s.NATS = h.NATS.state(j.shared)
	}
	if err != nil {
		s.Problem = err.Error()
	}
	return s
}

// openHistory returns the journal of messages. stored is that of sqlite.Options and jetstream.Options.
func (c *Config) openHistory(stored func(int, time.Duration), log *slog.Logger) (journal, error) {
	h := &c.History
	retention := history.Retention{Messages: h.Messages, Age: h.Age}
	if len(h.NATS.URLs) > 0 {
		return c.openShared(jetstream.Options{Retention: retention, MaxText: c.Limits.MaxLine, Stored: stored, Log: log})
	}
	if h.Dir == "" {
		return journal{Journal: history.NewMemory(retention)}, nil
	}
	j, err := sqlite.Open(h.Dir, sqlite.Options{
		Retention: retention, Sync: sqlite.Sync(h.Sync), OnError: sqlite.OnError(h.OnError), Stored: stored, Log: log,
	})
	if err != nil {
		return journal{}, fmt.Errorf("%s: %w", c.source("data"), err)
	}
	return journal{Journal: j, store: j, disk: j}, nil
}

// openShared returns the journal that servers share, with an index for searches in a folder below that of --data.
func (c *Config) openShared(o jetstream.Options) (j journal, err error) {
	if dir := c.History.Dir; dir != "" {
		j.index, err = sqlite.Open(filepath.Join(dir, "index"), sqlite.Options{
			Retention: o.Retention, Sync: sqlite.SyncNormal, Replica: true, Log: o.Log,
		})
		if err != nil {
			return journal{}, fmt.Errorf("%s: %w", c.source("data"), err)
		}
		o.Index = j.index
	}
	shared, err := c.History.NATS.open(o)
	if err != nil {
		return journal{}, errors.Join(fmt.Errorf("%s: %w", c.source("nats"), err), j.close(context.Background()))
	}
	j.Journal, j.store, j.shared = shared, shared, shared
	return j, nil
}
