package socket

// maxDropped bounds what Dismiss reads, in bytes.
const maxDropped = 64 << 10

// Dismiss ends the sending side, drops what was received, and closes the connection without
// waiting. It replaces Linger if there is no time for that: the kernel answers bytes that come
// later with a reset, which may cost the peer what was written last. No other goroutine may
// read meanwhile.
func (c *Conn) Dismiss() error {
	c.Stop()
	if c.tcp.CloseWrite() == nil {
		c.raw.Read(func(fd uintptr) bool {
			var b [4 << 10]byte
			for dropped := 0; dropped < maxDropped; {
				n, err := tryReceive(fd, b[:])
				if n == 0 || err != nil {
					break
				}
				dropped += n
			}
			return true
		})
	}
	return c.closeTCP()
}
