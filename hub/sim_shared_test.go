package hub

import (
	"sync"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// A simNode is the Journal of one of several servers that share a simJournal. What is committed there reaches each node
// in the same order, but at another time.
type simNode struct {
	*simJournal
	commits sync.Mutex // held while commits and hears are called; taken before mu

	mu       sync.Mutex
	arrived  []simArrival
	working  bool
	users    map[string]int
	hears    map[string]history.Hear
	position map[string]int64 // of the newest message of a room that was committed or heard
}

var _ history.Shared = (*simNode)(nil)

// A simArrival is what a node learns of a message.
type simArrival struct {
	m      *wire.Message
	commit func(history.Result) // nil for a message of another server
	result history.Result
}

// newNode adds a server to those that share j.
func (j *simJournal) newNode() *simNode {
	n := &simNode{
		simJournal: j, users: make(map[string]int), hears: make(map[string]history.Hear), position: make(map[string]int64),
	}
	j.nodes = append(j.nodes, n)
	return n
}

func (n *simNode) Append(m *wire.Message, key string, commit func(history.Result)) {
	n.simJournal.Append(m, key, func(result history.Result) {
		for _, other := range n.nodes {
			switch {
			case other == n:
				n.arrive(simArrival{m, commit, result})
			case result.Err == nil && !result.Repeated:
				heard := *m
				other.arrive(simArrival{m: &heard})
			}
		}
	})
}

func (n *simNode) arrive(a simArrival) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.arrived = append(n.arrived, a)
	if !n.working {
		n.working = true
		go n.work()
	}
}

// work delivers what has arrived until there is nothing more. Sometimes it is late.
func (n *simNode) work() {
	for {
		time.Sleep(time.Duration(n.random(1+n.random(20)*n.random(20))) * time.Millisecond)
		n.mu.Lock()
		batch := n.arrived
		n.arrived = nil
		n.working = len(batch) > 0
		n.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for i, a := range batch {
			more := false
			for _, next := range batch[i+1:] {
				more = more || next.m.Room == a.m.Room
			}
			n.deliver(a, more)
		}
	}
}

func (n *simNode) deliver(a simArrival, more bool) {
	n.commits.Lock()
	defer n.commits.Unlock()
	n.mu.Lock()
	hear := n.hears[a.m.Room]
	if a.result.Err == nil {
		n.position[a.m.Room] = max(n.position[a.m.Room], a.m.ID)
	}
	n.mu.Unlock()
	switch {
	case a.commit != nil:
		a.result.More = more
		a.commit(a.result)
	case hear != nil:
		hear(a.m, more)
	}
}

func (n *simNode) Open(room string, hear history.Hear) int64 {
	n.simJournal.Open(room, nil)
	n.commits.Lock()
	defer n.commits.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.users[room]++
	n.hears[room] = hear
	if n.position[room] == 0 {
		n.position[room] = n.floor
	}
	return n.position[room]
}

func (n *simNode) Release(room string) {
	n.simJournal.Release(room)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.users[room]--; n.users[room] == 0 {
		delete(n.hears, room)
	}
}

// Await implements history.Shared.
func (n *simNode) Await(room string, id int64) (bool, error) {
	if n.current().unreadable {
		return false, errSimDisk
	}
	if order := n.ordered(room); len(order) == 0 || id > order[len(order)-1].ID {
		return false, nil
	}
	for !n.has(room, id) {
		time.Sleep(time.Millisecond)
	}
	return true, nil
}

func (n *simNode) has(room string, id int64) bool {
	n.commits.Lock()
	defer n.commits.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.position[room] >= id
}
