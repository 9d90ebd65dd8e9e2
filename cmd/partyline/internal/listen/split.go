package listen

import (
	"net"
	"sync"
	"time"

	"partyline/hub/socket"
)

// A Gate limits the connections that have sent nothing yet. Its methods may be called from any
// goroutine.
type Gate interface {
	// Admit reports whether a new connection may wait for its first byte. If it may,
	// Leave is called when the wait ends. If it is a *socket.ProxiedConn, Admit may set AfterHeader.
	Admit(net.Conn) bool
	Leave(net.Conn)
}

// Split returns two listeners for the connections of ln, which are *net.TCPConn or *net.UnixConn, or
// a *socket.ProxiedConn with one of these: one listener for those that start with a TLS handshake,
// and one for all others. It reads the PROXY header of a ProxiedConn, but does not read the first
// byte after it, only looks at it. Each connection waits for that in a goroutine of its own, for at most
// timeout, so that no other one has to wait. A connection that the gate does not admit, that sends
// nothing or that ends before, is closed.
//
// When one of the listeners is closed, so are the other one, ln and the waiting connections. Close
// waits for the goroutines of Split.
func Split(ln net.Listener, gate Gate, timeout time.Duration) (secure, plain net.Listener) {
	s := &splitter{
		ln: ln, gate: gate, timeout: timeout,
		failed: make(chan error), done: make(chan struct{}), waiting: make(map[net.Conn]struct{}),
	}
	first, second := s.newSide(), s.newSide()
	s.running.Go(func() { s.accept(first, second) })
	return first, second
}

// A splitter accepts the connections of a listener for two sides.
type splitter struct {
	ln      net.Listener
	gate    Gate
	timeout time.Duration
	failed  chan error    // errors of ln.Accept
	done    chan struct{} // closed by Close
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	waiting map[net.Conn]struct{} // for their first byte
}

// A side is one of the listeners of a splitter.
type side struct {
	queue
	*splitter
}

func (s *splitter) newSide() *side {
	return &side{queue{s.ln.Addr(), make(chan net.Conn), s.failed, s.done}, s}
}

// accept accepts connections until the splitter is closed. After an error, it waits until Accept
// of a side has returned it.
func (s *splitter) accept(secure, plain *side) {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			select {
			case s.failed <- err:
			case <-s.done:
				return
			}
			continue
		}
		if !s.gate.Admit(c) {
			c.Close()
			continue
		}
		c.SetReadDeadline(time.Now().Add(s.timeout)) // before add: Close sets an earlier one
		if !s.add(c) {
			s.gate.Leave(c)
			c.Close()
			return
		}
		s.running.Go(func() { s.sort(c, secure, plain) })
	}
}

// sort waits for the first byte of c, and gives c to the side that it belongs to.
func (s *splitter) sort(c net.Conn, secure, plain *side) {
	first, err := peekAfterHeader(c)
	s.remove(c)
	c.SetReadDeadline(time.Time{})
	s.gate.Leave(c)
	if err != nil {
		c.Close()
		return
	}
	to := plain
	if first == socket.HandshakeByte {
		to = secure
	}
	to.Put(c)
}

// peekAfterHeader reads the PROXY header of c if it is a *socket.ProxiedConn, and returns the first
// byte after it.
func peekAfterHeader(c net.Conn) (byte, error) {
	if p, ok := c.(*socket.ProxiedConn); ok {
		if err := p.ReadHeader(); err != nil {
			return 0, err
		}
		c = p.Conn
	}
	return peek(c)
}

// add adds a connection that close must close. It returns false if the splitter is closed.
func (s *splitter) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.waiting[c] = struct{}{}
	}
	return !s.closed
}

func (s *splitter) remove(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, c)
}

// Close implements [net.Listener]. It may be called more than once.
func (s *splitter) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
		for c := range s.waiting {
			c.SetReadDeadline(time.Now()) // ends peek
		}
	}
	s.mu.Unlock()
	err := s.ln.Close()
	s.running.Wait()
	return err
}
