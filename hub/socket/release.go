package socket

import "net"

// Release takes the connection from c, for a caller that reads and writes it without c: an HTTP
// server. c must not be used any more. The result is what Init got, or after StartTLS the *tls.Conn,
// which Init takes again. early is input that Read has not returned. The error is that of a read after
// Close; the connection is closed then, or must be.
func (c *Conn) Release() (nc net.Conn, early []byte, err error) {
	c.group.remove(c) // it is not dropped from now on
	c.reader.release()
	c.deadlineMu.Lock()
	ended := c.readEnded
	c.deadlineMu.Unlock()
	if ended {
		return nil, nil, c.closedErr()
	}
	l := c.tls
	if l == nil {
		return c.nc, nil, nil
	}
	if a := l.ahead; a != nil {
		b, _ := a.result() // of the group's buffer
		early = append(early, b...)
		a.release()
		l.ahead = nil
	}
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	c.tls, l.conn = nil, nil
	return l.tls, early, nil
}
