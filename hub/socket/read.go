package socket

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"partyline/hub"
)

// Sizes of read buffers in bytes. Most connections send a line now and then. One that fills a
// small buffer gets a large one for the next read.
const (
	smallRead = 1 << 10
	largeRead = 16 << 10
)

// A reader is the reading half of a Conn.
type reader struct {
	group     *Group
	tryRead   func(fd uintptr) bool // the method read, or await of a tlsLayer, bound once
	small     *[smallRead]byte      // small or large holds the bytes until the next Read
	large     *[largeRead]byte
	n         int
	err       error
	waited    bool // tryRead has returned false
	wantLarge bool // the last read filled a small buffer
}

// Read waits for bytes and returns them, or io.EOF at the end of the input. The bytes are
// valid until the next call. With TLS, io.EOF means that the peer has sent a close_notify. If the
// connection ends without one, the error is io.ErrUnexpectedEOF: somebody on the way may have cut
// off the rest of the input.
//
// While Read waits, with or without TLS, it holds no buffer and little stack, so that the goroutine keeps
// its initial stack of 2 KiB. The usual way of reading needs twice as much.
func (c *Conn) Read() ([]byte, error) {
	r := &c.reader
	r.release()
	if !rawIO && c.tls == nil {
		r.n, r.err = c.nc.Read(r.acquire())
		return r.result()
	}
	r.waited = false
	for {
		if c.tls != nil {
			if b, ok, err := c.tryReadTLS(); ok {
				return b, err
			}
			if !rawIO { // it has waited, and has sent an answer
				continue
			}
		}
		if err := c.raw.Read(r.tryRead); err != nil { // a function of its own would need stack
			return nil, c.readErr(err)
		}
		if c.tls == nil {
			return r.result()
		}
	}
}

// readErr returns the error of Read if raw.Read returns err.
func (c *Conn) readErr(err error) error {
	if c.unresponsive.Load() {
		return hub.ErrSlow
	}
	return err
}

// ReadWithin is like Read, but returns os.ErrDeadlineExceeded after d. If d is 0, it has no
// deadline.
func (c *Conn) ReadWithin(d time.Duration) ([]byte, error) {
	if d == 0 {
		return c.Read()
	}
	if !c.setReadDeadline(time.Now().Add(d)) {
		return nil, c.closedErr()
	}
	b, err := c.Read()
	if !c.setReadDeadline(time.Time{}) && errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, c.closedErr() // EndReading has set the deadline
	}
	return b, err
}

// result returns what the last read has left in r.
func (r *reader) result() ([]byte, error) {
	switch {
	case r.n == 0 && r.err != nil:
		return nil, r.err
	case r.n == 0:
		return nil, io.EOF
	case r.large != nil:
		r.wantLarge = r.n > smallRead
		return r.large[:r.n], nil
	}
	r.wantLarge = r.n == smallRead
	return r.small[:r.n], nil
}

// read reads what the kernel has, and returns false if it has nothing yet.
func (r *reader) read(fd uintptr) bool {
	if !r.waited { // readable needs no buffer
		var ready bool
		if ready, r.err = readable(fd); r.err != nil {
			r.n = 0
			return true
		}
		if !ready {
			r.waited = true
			return false
		}
	}
	return r.receive(fd)
}

// receive is read with a buffer.
func (r *reader) receive(fd uintptr) bool {
	n, err := tryReceive(fd, r.acquire())
	if err == syscall.EAGAIN {
		r.release()
		return false
	}
	r.n, r.err = n, os.NewSyscallError("read", err)
	return true
}

// acquire takes a buffer for the next read from the group.
func (r *reader) acquire() []byte {
	if r.wantLarge {
		var ok bool
		if r.large, ok = r.group.large.Get().(*[largeRead]byte); !ok {
			r.large = new([largeRead]byte)
		}
		return r.large[:]
	}
	var ok bool
	if r.small, ok = r.group.small.Get().(*[smallRead]byte); !ok {
		r.small = new([smallRead]byte)
	}
	return r.small[:]
}

// release returns the buffer to the group.
func (r *reader) release() {
	if r.small != nil {
		r.group.small.Put(r.small)
		r.small = nil
	}
	if r.large != nil {
		r.group.large.Put(r.large)
		r.large = nil
	}
}
