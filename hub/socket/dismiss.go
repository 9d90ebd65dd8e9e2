package socket

// mostDropped bounds what Dismiss reads, in bytes.
const mostDropped = 64 << 10

// Dismiss ends the sending side, drops what has come, and closes, without waiting. It
// replaces Linger if there is no time for it: bytes that come later are answered with a
// reset, and may cost the peer what was written last. Nothing else may read meanwhile.
func (c *Conn) Dismiss() error {
	c.Stop()
	if c.tcp.CloseWrite() == nil {
		c.raw.Read(func(fd uintptr) bool {
			var b [4 << 10]byte
			for dropped := 0; dropped < mostDropped; {
				n, err := tryReceive(fd, b[:])
				if n == 0 || err != nil {
					break
				}
				dropped += n
			}
			return true
		})
	}
	return c.shut()
}
