package client

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a link.
const (
	maxLine   = 8 << 20          // bytes of a line of the server; it sends at most 60 KiB
	deadAfter = 60 * time.Second // of silence; the server sends something every 25 s
	bufSize   = 64 << 10
)

// A link is one connection to the server. One goroutine may read and one may write. close and interrupt may be
// called by any goroutine, more than once, and unblock both.
type link interface {
	// read returns the next line, without its ending. It is valid until the next read.
	read() ([]byte, error)
	// ready reports whether read returns a line without waiting. If it is false, that is not known.
	ready() bool
	// write sends JSON objects, each of which ends in LF.
	write(lines [][]byte) error
	// arrivals counts reads of the connection that had a result. Any goroutine may call it.
	arrivals() uint64
	// interrupt makes read and write return errors from now on, like close, but the connection stays open.
	interrupt()
	close()
}

// A guardedConn fails a Read for which nothing arrives for too long. While batching, it collects what is
// written until flush.
type guardedConn struct {
	net.Conn
	silence  time.Duration // after which a Read fails
	batching bool          // set before there are two goroutines
	reads    atomic.Uint64 // that returned something
	ended    atomic.Bool   // by interrupt

	mu    sync.Mutex // the WebSocket library may write when it reads something wrong
	batch []byte
	spare []byte // the memory of the last batch
}

func (c *guardedConn) Read(b []byte) (int, error) {
	if err := c.Conn.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	if c.ended.Load() { // this deadline may have replaced that of interrupt
		return 0, os.ErrDeadlineExceeded
	}
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.reads.Add(1)
	}
	return n, err
}

func (c *guardedConn) interrupt() {
	c.ended.Store(true)
	c.Conn.SetDeadline(time.Now())
}

func (c *guardedConn) Write(b []byte) (int, error) {
	if !c.batching {
		return c.Conn.Write(b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batch = append(c.batch, b...)
	return len(b), nil
}

// flush writes what was collected. Only one goroutine may call it.
func (c *guardedConn) flush() error {
	c.mu.Lock()
	batch := c.batch
	c.batch = c.spare[:0]
	c.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	_, err := c.Conn.Write(batch)
	c.mu.Lock()
	c.spare = batch
	c.mu.Unlock()
	return err
}
