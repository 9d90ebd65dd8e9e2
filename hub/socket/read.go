package socket

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"partyline/hub"
)

// Sizes of what a Conn reads into. Most read a line now and then; who sends more than
// fits gets a large buffer.
const (
	smallRead = 1 << 10
	largeRead = 16 << 10
)

// reader is the reading half of a Conn.
type reader struct {
	group   *Group
	attempt func(fd uintptr) bool // read, made once
	small   *[smallRead]byte      // what was read is in one of these, until the next Read
	large   *[largeRead]byte
	n       int
	err     error
	waited  bool // for something to read
	much    bool // the last read filled its buffer
}

// Read waits until there is something and returns it; io.EOF at the end. The bytes are
// valid until the next call.
//
// While it waits, it holds no buffer and little stack: a goroutine keeps the 2 KiB that it
// was made with, which is half of what the usual way of reading needs.
func (c *Conn) Read() ([]byte, error) {
	r := &c.reader
	r.release()
	if !past {
		r.n, r.err = c.tcp.Read(r.hold())
		return r.result()
	}
	r.waited = false
	if err := c.raw.Read(r.attempt); err != nil {
		if c.lost.Load() {
			err = hub.ErrSlow
		}
		return nil, err
	}
	return r.result()
}

// ReadWithin is Read that waits for d at most, and returns os.ErrDeadlineExceeded then. If d is
// 0, it waits for as long as Read does.
func (c *Conn) ReadWithin(d time.Duration) ([]byte, error) {
	if d == 0 {
		return c.Read()
	}
	if !c.setReadDeadline(time.Now().Add(d)) {
		return nil, c.closedErr()
	}
	b, err := c.Read()
	if !c.setReadDeadline(time.Time{}) && errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, c.closedErr() // the deadline was EndReading's
	}
	return b, err
}

func (r *reader) result() ([]byte, error) {
	switch {
	case r.n == 0 && r.err != nil:
		return nil, r.err
	case r.n == 0:
		return nil, io.EOF
	case r.large != nil:
		r.much = r.n > smallRead
		return r.large[:r.n], nil
	}
	r.much = r.n == smallRead
	return r.small[:r.n], nil
}

// read reads what is there, and returns false where there is nothing yet.
func (r *reader) read(fd uintptr) bool {
	if !r.waited { // looking needs no buffer
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

func (r *reader) receive(fd uintptr) bool {
	n, err := tryReceive(fd, r.hold())
	if err == syscall.EAGAIN {
		r.release()
		return false
	}
	r.n, r.err = n, os.NewSyscallError("read", err)
	return true
}

// hold takes a buffer for the next read.
func (r *reader) hold() []byte {
	if r.much {
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

// release gives back what hold took.
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
