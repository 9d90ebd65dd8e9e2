package hub_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// A manualJournal is a Journal that commits messages when the test calls commit.
type manualJournal struct {
	*history.Memory
	result history.Result // of the messages in commit

	mu      sync.Mutex
	pending []func()
	broken  bool // reads fail
}

func newManualJournal() *manualJournal {
	return &manualJournal{Memory: history.NewMemory(history.Retention{Messages: 1000})}
}

func (j *manualJournal) Append(m *wire.Message, key string, commit func(history.Result)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(j.pending, func() {
		if j.result.Err != nil {
			commit(j.result)
			return
		}
		m.Unstored = j.result.Unstored
		j.Memory.Append(m, key, func(f history.Result) {
			f.Unstored = j.result.Unstored
			commit(f)
		})
	})
}

// commit commits the pending messages with a result, and returns their number. It runs in the
// goroutine of the test, not in those of the members.
func (j *manualJournal) commit(result history.Result) int {
	j.mu.Lock()
	pending := j.pending
	j.pending, j.result = nil, result
	j.mu.Unlock()
	for _, p := range pending {
		p()
	}
	synctest.Wait()
	return len(pending)
}

// commitAll commits messages until none is pending.
func (j *manualJournal) commitAll() {
	for j.commit(history.Result{}) > 0 {
	}
}

// countPending returns the number of uncommitted messages.
func (j *manualJournal) countPending() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.pending)
}

var errBroken = errors.New("broken")

func (j *manualJournal) Read(room string, g history.Range) (history.Page, error) {
	if j.broken && g.Limit > 0 {
		return history.Page{}, errBroken
	}
	return j.Memory.Read(room, g)
}

func (j *manualJournal) Search(room string, q *history.Query, before int64, limit int) ([]*wire.Message, bool, error) {
	if j.broken {
		return nil, false, errBroken
	}
	return j.Memory.Search(room, q, before, limit)
}

// withManualJournal is withHub with a manualJournal.
func withManualJournal(t *testing.T, test func(h *testHub, j *manualJournal)) {
	j := newManualJournal()
	withHub(t, hub.Options{Journal: j, Replay: -1}, func(h *testHub) { test(h, j) })
}
