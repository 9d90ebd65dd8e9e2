package listen

import (
	"net"
	"sync"
)

// A queue is the accepting half of a listener whose connections another one has accepted.
type queue struct {
	addr   net.Addr
	conns  chan net.Conn
	failed <-chan error // errors of the other listener; may be nil
	done   chan struct{}
}

// Accept implements [net.Listener].
func (q *queue) Accept() (net.Conn, error) {
	select {
	case <-q.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-q.conns:
		return c, nil
	case err := <-q.failed:
		return nil, err
	case <-q.done:
		return nil, net.ErrClosed
	}
}

// Addr implements [net.Listener].
func (q *queue) Addr() net.Addr { return q.addr }

// Put passes a connection to Accept, and waits until Accept takes it. If the listener is closed, Put
// closes the connection.
func (q *queue) Put(c net.Conn) {
	select {
	case q.conns <- c:
	case <-q.done:
		c.Close()
	}
}

// A Queue is a listener for connections that its owner passes to Put, from any goroutine.
type Queue struct {
	queue
	close sync.Once
}

var _ net.Listener = (*Queue)(nil)

// NewQueue returns a Queue with an address.
func NewQueue(addr net.Addr) *Queue {
	return &Queue{queue: queue{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}}
}

// Close implements [net.Listener]. It may be called more than once.
func (q *Queue) Close() error {
	q.close.Do(func() { close(q.done) })
	return nil
}
