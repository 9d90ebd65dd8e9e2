package listen

import (
	"errors"
	"io"
	"net"
	"testing"
)

// TestQueue passes connections to a Queue. After Close, Accept returns an error and Put closes the
// connection, also one that waits.
func TestQueue(t *testing.T) {
	addr := &net.TCPAddr{Port: 4000}
	q := NewQueue(addr)
	if q.Addr() != addr {
		t.Errorf("the address is %v", q.Addr())
	}
	first, _ := net.Pipe()
	go q.Put(first)
	if c, err := q.Accept(); c != first || err != nil {
		t.Errorf("Accept returns %v, %v", c, err)
	}
	put := make(chan struct{})
	second, peer := net.Pipe()
	go func() {
		q.Put(second)
		close(put)
	}()
	q.Close()
	q.Close()
	<-put
	if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the peer of a connection that nobody accepts reads %v", err)
	}
	if _, err := q.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close returns %v", err)
	}
	third, peer := net.Pipe()
	q.Put(third)
	if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the peer of a connection after Close reads %v", err)
	}
}
