package socket

import (
	"os"
	"syscall"
	"time"

	"partyline/hub"
)

const (
	// maxRecord is how many bytes a TLS record can seal (RFC 8446 section 5.1).
	maxRecord = 16 << 10
	// maxBatch is how many bytes of frames are sealed and sent at a time, unless the last frame is
	// large. It is two records: a system call costs more than sealing does.
	maxBatch = 2 * maxRecord
	// batchSize is maxBatch without the rest of the last frame.
	batchSize = maxBatch - 1<<10
	// closeBuffer is the size of the kernel's send buffer in bytes when the connection ends. There is
	// room for a batch and a close_notify if a buffer of sendBuffer bytes is full.
	closeBuffer = 2 * sendBuffer
	// lastTimeout is how long a full send buffer may delay the end of a connection without rawIO.
	lastTimeout = 50 * time.Millisecond
)

// nextBatch returns how many bytes of frames to seal next. They are whole frames, and at most maxBatch
// bytes unless the last one is large.
func (c *Conn) nextBatch(frames []byte) int {
	if len(frames) <= maxBatch {
		return len(frames)
	}
	return c.end(frames, batchSize)
}

// tryWriteTLSLocked is TryWrite for a Conn with TLS. All frames that are sealed count as written.
func (c *Conn) tryWriteTLSLocked(frames []byte) (n int, err error) {
	return c.sealEachLocked(frames, c.trySendSealedLocked)
}

// writeTLSLocked is writeLocked for a Conn with TLS.
func (c *Conn) writeTLSLocked(frames []byte) (n int, err error) {
	if c.stopped.Load() {
		return 0, c.closedErr()
	}
	if err := c.sendSealedLocked(c.tls.take()); err != nil {
		return 0, err
	}
	return c.sealEachLocked(frames, c.sendSealedLocked)
}

// sealEachLocked seals frames, a batch at a time, and sends each batch before it seals the next. It
// returns how many bytes of frames are sealed.
func (c *Conn) sealEachLocked(frames []byte, send func(*sealed) error) (n int, err error) {
	for n < len(frames) {
		end := n + c.nextBatch(frames[n:])
		s, err := c.tls.seal(frames[n:end])
		if err != nil {
			return n, err
		}
		n = end
		if err := send(s); err != nil {
			return n, err
		}
	}
	return n, nil
}

// trySendSealedLocked sends what the kernel takes of s, which may be nil. It returns
// hub.ErrWouldBlock if that is not all, and keeps the rest.
func (c *Conn) trySendSealedLocked(s *sealed) error {
	if s == nil {
		return nil
	}
	n, err := c.trySendLocked(s.b[s.sent:])
	switch whole := c.keepRestLocked(s, n); {
	case err != nil && err != syscall.EAGAIN:
		return os.NewSyscallError("write", err)
	case !whole:
		return hub.ErrWouldBlock
	}
	return nil
}

// sendSealedLocked sends s, which may be nil. It keeps what it does not send.
func (c *Conn) sendSealedLocked(s *sealed) error {
	if s == nil {
		return nil
	}
	n, err := c.sendLocked(s.b[s.sent:])
	c.keepRestLocked(s, n)
	return err
}

// keepRestLocked keeps the rest of s, of which n more bytes were sent, or returns true if there is
// none.
func (c *Conn) keepRestLocked(s *sealed, n int) (whole bool) {
	if s.sent += n; s.sent < len(s.b) {
		c.tls.restore(s)
		return false
	}
	c.group.putSealed(s)
	return true
}

// endTLS sends, unless silent, what is sealed and then a close_notify. It does not wait, or for
// at most lastTimeout if there is no rawIO. It does nothing if it was called before. All other writes
// have ended.
func (c *Conn) endTLS(silent bool) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	l := c.tls
	if l == nil || l.ended {
		return
	}
	l.ended = true
	if silent {
		return
	}
	l.tls.CloseWrite()
	if !rawIO {
		c.sendLastLocked(l.take())
		return
	}
	if c.trySendSealedLocked(l.take()) == hub.ErrWouldBlock {
		c.nc.SetWriteBuffer(closeBuffer) // the kernel has room for a FIN too if the peer lags
		c.trySendSealedLocked(l.take())
	}
}

// sendLastLocked sends s, which may be nil, without rawIO.
func (c *Conn) sendLastLocked(s *sealed) {
	if s == nil {
		return
	}
	c.nc.SetWriteDeadline(time.Now().Add(lastTimeout))
	c.nc.Write(s.b[s.sent:])
	c.group.putSealed(s)
}

// seal returns frames as records, after what is to be sent before them.
func (l *tlsLayer) seal(frames []byte) (*sealed, error) {
	l.mu.Lock()
	l.sealing = true
	l.mu.Unlock()
	_, err := l.tls.Write(frames)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sealing = false
	if err != nil {
		return nil, err
	}
	return l.takeLocked(), nil
}

// take returns what is to be sent, or nil.
func (l *tlsLayer) take() *sealed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.takeLocked()
}

func (l *tlsLayer) takeLocked() *sealed {
	s := l.sealed
	l.sealed, l.own = nil, false
	return s
}

// restore keeps s to be sent before everything that was sealed after it.
func (l *tlsLayer) restore(s *sealed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if later := l.sealed; later != nil {
		s.b = append(s.b, later.b...)
		l.conn.group.putSealed(later)
	}
	l.sealed = s
}

// hasRest reports whether something is to be sent before anything else is sealed.
func (l *tlsLayer) hasRest() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sealed != nil
}

// hasOwn reports whether something is to be sent that the tls.Conn wrote when it read.
func (l *tlsLayer) hasOwn() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.own
}

// takeSealed returns an empty buffer.
func (g *Group) takeSealed() *sealed {
	if s, ok := g.records.Get().(*sealed); ok {
		return s
	}
	return new(sealed)
}

// putSealed keeps the buffer of s for takeSealed.
func (g *Group) putSealed(s *sealed) {
	if cap(s.b) <= maxSealed {
		s.b, s.sent = s.b[:0], 0
		g.records.Put(s)
	}
}
