package hub

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

var errSimDisk = errors.New("no disk")

// A simJournal records the order of all messages that it commits. Its mode makes it delay,
// refuse, or not store messages, or fail reads.
type simJournal struct {
	*history.Memory
	random func(n int) int
	nodes  []*simNode // the servers that share it; none if the hub is alone
	floor  int64      // all ids are greater

	mu      sync.Mutex
	pending []simEntry
	working bool
	mode    simMode
	order   map[string][]*wire.Message // committed messages by room
}

// A simMode is the way in which a simJournal fails. The zero simMode works.
type simMode struct {
	delay      time.Duration // maximum
	refuse     bool
	unstored   bool
	unreadable bool
}

type simEntry struct {
	m      *wire.Message
	key    string
	commit func(history.Result)
}

func newSimJournal(keep int, random func(n int) int) *simJournal {
	return &simJournal{
		Memory: history.NewMemory(history.Retention{Messages: keep}), random: random,
		floor: history.IDFloor(time.Now()), order: make(map[string][]*wire.Message),
	}
}

func (j *simJournal) setMode(m simMode) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mode = m
}

func (j *simJournal) current() simMode {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.mode
}

// ordered returns the committed messages of a room.
func (j *simJournal) ordered(room string) []*wire.Message {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.order[room]
}

func (j *simJournal) Append(m *wire.Message, key string, commit func(history.Result)) {
	j.mu.Lock()
	delayed := j.mode.delay > 0 || j.working
	if delayed {
		j.pending = append(j.pending, simEntry{m, key, commit})
		if !j.working {
			j.working = true
			go j.work()
		}
	}
	j.mu.Unlock()
	if !delayed {
		j.commit(simEntry{m, key, commit}, false)
	}
}

// work commits in batches until nothing is pending.
func (j *simJournal) work() {
	for {
		time.Sleep(time.Duration(j.random(int(j.current().delay/time.Millisecond)+1)) * time.Millisecond)
		j.mu.Lock()
		batch := j.pending
		j.pending = nil
		j.working = len(batch) > 0
		j.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for i, e := range batch {
			more := false
			for _, next := range batch[i+1:] {
				more = more || next.m.Room == e.m.Room
			}
			j.commit(e, more)
		}
	}
}

func (j *simJournal) commit(e simEntry, more bool) {
	mode := j.current()
	if mode.refuse {
		e.commit(history.Result{Err: errSimDisk, More: more})
		return
	}
	j.Memory.Append(e.m, e.key, func(f history.Result) {
		f.More = more
		if !f.Repeated {
			f.Unstored = mode.unstored && len(j.nodes) == 0 // a shared one has no such messages
			j.mu.Lock()
			j.order[e.m.Room] = append(j.order[e.m.Room], e.m)
			j.mu.Unlock()
		}
		e.commit(f)
	})
}

func (j *simJournal) Read(room string, g history.Range) (history.Page, error) {
	if m := j.current(); m.unreadable && g.Limit > 0 {
		time.Sleep(m.delay)
		return history.Page{}, errSimDisk
	}
	return j.Memory.Read(room, g)
}

// randomMode returns a mode, usually one without errors.
func randomMode(r *rand.Rand) simMode {
	m := simMode{delay: time.Duration(r.IntN(3)*r.IntN(200)) * time.Millisecond}
	switch r.IntN(8) {
	case 0:
		m.refuse = true
	case 1:
		m.unstored = true
	case 2:
		m.unreadable = true
	}
	return m
}
