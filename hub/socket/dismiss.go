package socket

// maxDiscarded bounds what Dismiss reads, in bytes.
const maxDiscarded = 64 << 10

// Dismiss ends the sending side, discards what was received, and closes the connection without
// waiting. It is for callers that have no time for Linger: the kernel answers bytes that come
// later with a reset, which may cost the peer what was written last. No other goroutine may
// read at the same time.
func (c *Conn) Dismiss() error {
	c.Stop()
	c.endTLS(false)
	if c.nc.CloseWrite() == nil {
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
