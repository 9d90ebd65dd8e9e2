package socket

import (
	"net"
	"sync"
	"syscall"
)

// readSize is how much a Reader reads at once.
const readSize = 16 << 10

// Buffers are what Readers read into. They share them, since most connections are quiet:
// one that waits holds none. The zero value is ready, and its use from any goroutine safe.
type Buffers struct{ pool sync.Pool }

func (b *Buffers) get() *[readSize]byte {
	if buf, ok := b.pool.Get().(*[readSize]byte); ok {
		return buf
	}
	return new([readSize]byte)
}

// A Reader reads from a connection. One goroutine at a time may use it.
type Reader struct {
	conn    *net.TCPConn
	raw     syscall.RawConn
	buffers *Buffers
	ready   func(fd uintptr) bool // isReady, made once
	err     error                 // what isReady met with
	buf     *[readSize]byte       // held until the next Read
}

func newReader(conn *net.TCPConn, raw syscall.RawConn, b *Buffers) *Reader {
	r := &Reader{conn: conn, raw: raw, buffers: b}
	r.ready = r.isReady
	return r
}

// Read waits until there is something and returns it; io.EOF at the end. The bytes are
// valid until the next call.
func (r *Reader) Read() ([]byte, error) {
	r.release()
	if err := r.raw.Read(r.ready); err != nil {
		return nil, err
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.take()
}

// take reads what is there.
func (r *Reader) take() ([]byte, error) {
	r.buf = r.buffers.get()
	n, err := r.conn.Read(r.buf[:])
	if n > 0 {
		err = nil
	}
	return r.buf[:n], err
}

func (r *Reader) release() {
	if r.buf != nil {
		r.buffers.pool.Put(r.buf)
		r.buf = nil
	}
}
