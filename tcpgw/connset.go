package tcpgw

import "sync"

// A connSet is a set of connections that can be closed together. The zero value is empty.
type connSet struct {
	mu     sync.Mutex
	closed bool
	conns  map[*conn]struct{}
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
	delete(s.conns, c)
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
