package socket

import (
	"io"
	"time"
)

const (
	// maxDiscarded bounds what Dismiss reads, in bytes.
	maxDiscarded = 64 << 10
	// discardTimeout is how long Dismiss reads without rawIO.
	discardTimeout = time.Millisecond
)

// Dismiss ends the sending side, discards what was received, and closes the connection without
// waiting. It is for callers that have no time for Linger: the kernel answers bytes that come
// later with a reset, which may cost the peer what was written last. No other goroutine may
// read at the same time.
func (c *Conn) Dismiss() error {
	c.Stop()
	c.endTLS(false)
	switch err := c.nc.CloseWrite(); {
	case err != nil:
	case !rawIO:
		c.nc.SetReadDeadline(time.Now().Add(discardTimeout))
		io.CopyN(io.Discard, struct{ io.Reader }{c.nc}, maxDiscarded)
	default:
		c.raw.Read(func(fd uintptr) bool {
			var b [4 << 10]byte
			for discarded := 0; discarded < maxDiscarded; {
				n, err := tryReceive(fd, b[:])
				if n == 0 || err != nil {
					break
				}
				discarded += n
			}
			return true
		})
	}
	return c.closeFD()
}
