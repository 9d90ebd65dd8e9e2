package tcpgw

import "sync"

// outside is the connections that are not the hub's: they owe a PROXY header, wait for their
// first line, or are turned away. The hub's Shutdown does not end them, so the server does.
type outside struct {
	mu    sync.Mutex
	ended bool
	conns map[*conn]struct{}
}

// add reports whether c may go on; after end it may not.
func (o *outside) add(c *conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return false
	}
	if o.conns == nil {
		o.conns = make(map[*conn]struct{})
	}
	o.conns[c] = struct{}{}
	return true
}

func (o *outside) remove(c *conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.conns, c)
}

// end closes all of them, and those that would come.
func (o *outside) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	for c := range o.conns {
		c.Conn.Close()
	}
}
