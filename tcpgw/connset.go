package tcpgw

import (
	"sync"
	"time"
)

// A connSet is a set of connections that can be closed together. The zero value is empty.
type connSet struct {
	mu     sync.Mutex
	closed bool
	conns  map[*conn]struct{}
	empty  chan struct{} // closed when the set is empty; nil if nothing waits for that
}

// add adds c and returns true. After close it returns false and does not add c.
func (s *connSet) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.conns == nil {
		s.conns = make(map[*conn]struct{})
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *connSet) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.conns, c); len(s.conns) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// awaitEmpty waits until the set is empty, for at most d.
func (s *connSet) awaitEmpty(d time.Duration) {
	s.mu.Lock()
	if len(s.conns) == 0 {
		s.mu.Unlock()
		return
	}
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	empty := s.empty
	s.mu.Unlock()
	select {
	case <-empty:
	case <-time.After(d):
	}
}

// close closes all connections of the set, and the set.
func (s *connSet) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		c.Conn.Close()
	}
}
