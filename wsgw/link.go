package wsgw

import (
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"partyline/hub"
	"partyline/hub/socket"
)

const (
	// silence is how long a client may send no whole frame; it is pinged more often.
	silence = 60 * time.Second
	// freePong is how often a pong does not count. It is less than the time between pings, so
	// that a client that only answers these has nothing that counts.
	freePong = 10 * time.Second
	// handshakeWait bounds the writing of the handshake's response. Only a client that did not
	// read earlier responses has no room for it.
	handshakeWait = time.Second
)

// link is the connection under the library. The hub writes whole frames to it, past the
// library; what the library writes itself comes between them.
type link struct {
	socket.Conn
	closing atomic.Bool // Close has begun
	upgrade bool        // the handshake is over: frames from now on

	born  time.Time
	heard atomic.Int64 // ns since born when the client was heard last; 0 while nobody listens
	timer *time.Timer  // looks whether it is silent

	reading sync.Mutex // held by ReadLine and by Watch, and by Close from when it reads on

	// Guarded by reading.
	in      []byte // what was read and not passed on yet
	scanner scanner
	end     error // why the library gets nothing more of it: a violation or a farewell

	controls int           // control frames that ReadLine has still to count
	ponged   time.Duration // since born: when a pong came that did not count
}

// await waits for the first frame of a message, before the library reads it: from here there
// is little on the stack. It handles the control frames ahead of the message, and returns
// early if one of them counts.
func (l *link) await() error {
	for l.controls == 0 {
		if l.end == nil && len(l.in) == 0 {
			in, err := l.Conn.Read()
			if err != nil {
				return err
			}
			l.in = in
		}
		if l.end == nil && l.scanner.between() && !isControl(l.in[0]) {
			return nil
		}
		if _, err := l.receive(len(l.in)); err != nil {
			return err
		}
	}
	return nil
}

// receive takes up to most of the next bytes, to the end of the current frame at most. It
// returns them if they are the library's, and nothing if they are of a control frame, which
// it handles when it is whole. A Close, or a violation, is an error.
func (l *link) receive(most int) ([]byte, error) {
	if l.end != nil {
		return nil, l.end
	}
	if len(l.in) == 0 {
		in, err := l.Conn.Read()
		if err != nil {
			return nil, err
		}
		l.in = in
	}
	n, whole, end := l.scanner.next(l.in[:min(most, len(l.in))])
	if end != nil {
		l.end = end
		return nil, end
	}
	b := l.in[:n]
	l.in = l.in[n:]
	if whole {
		l.listen()
	}
	switch {
	case !l.scanner.inControl():
		return b, nil
	case whole:
		return nil, l.handleControl()
	}
	return nil, nil
}

// handleControl answers a ping, and counts what is not the answer to a ping of the server's.
func (l *link) handleControl() error {
	payload := unmask(l.scanner.control)
	l.scanner.control = nil
	if l.scanner.header[0] == finPing {
		l.controls++
		_, err := l.Conn.Write(append([]byte{finPong, byte(len(payload))}, payload...))
		if errors.Is(err, hub.ErrSlow) {
			return err
		}
		return nil // a peer that can't be written to is still read
	}
	if now := time.Since(l.born); l.ponged == 0 || now-l.ponged >= freePong {
		l.ponged = now
	} else {
		l.controls++
	}
	return nil
}

// hasText reports whether a whole text message in one frame has come already.
func (l *link) hasText() bool {
	return l.end == nil && l.scanner.between() && wholeFrame(l.in, finText) > 0
}

// wholeFrame returns the length of a client's frame that b begins with, or 0 where that
// begins with another byte, is not whole, or is longer than 64 KiB.
func wholeFrame(b []byte, first byte) int {
	if len(b) < 6 || b[0] != first || b[1] < 0x80 {
		return 0
	}
	n := 6 + int(b[1]&0x7f)
	switch b[1] & 0x7f {
	case 126:
		n = 8 + int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		return 0
	}
	if n > len(b) {
		return 0
	}
	return n
}

// hearOut reads and drops frames until the client's Close, its end, or a time. What
// follows a breach of framing can't be told apart.
func (l *link) hearOut(until time.Time) {
	l.TCP().SetReadDeadline(until)
	for l.end == nil {
		if len(l.in) == 0 {
			in, err := l.Conn.Read()
			if err != nil {
				return
			}
			l.in = in
		}
		n, _, end := l.scanner.next(l.in)
		l.in, l.end = l.in[n:], end
	}
}

// listen notes that the client was heard, or is listened to from now on.
func (l *link) listen() { l.heard.Store(max(int64(time.Since(l.born)), 1)) }

// ignore notes that nobody reads: time in which nobody does is not the client's silence.
func (l *link) ignore() { l.heard.Store(0) }

// watch begins to look whether the client is silent for too long.
func (l *link) watch() {
	l.born = time.Now()
	l.timer = time.AfterFunc(silence, l.look)
}

func (l *link) look() {
	left := silence
	if heard := l.heard.Load(); heard != 0 {
		left -= time.Since(l.born) - time.Duration(heard)
		switch {
		case left > 0:
		case l.Lags(): // it has not come to the ping yet
			left = silence
		default:
			l.EndReading()
			return
		}
	}
	if !l.closing.Load() {
		l.timer.Reset(left)
	}
}

// libraryConn is a link as the library sees it.
type libraryConn link

var _ net.Conn = (*libraryConn)(nil)

// Read returns no more than the rest of a frame, so that the library holds nothing of the
// next one when await looks for it.
func (c *libraryConn) Read(b []byte) (int, error) {
	for {
		data, err := (*link)(c).receive(len(b))
		if err != nil || len(data) > 0 {
			return copy(b, data), err
		}
	}
}

// Write writes the handshake's response, and nothing after it: the link answers pings, and
// Close writes the close frame.
func (c *libraryConn) Write(b []byte) (int, error) {
	if c.upgrade {
		return len(b), nil
	}
	c.TCP().SetWriteDeadline(time.Now().Add(handshakeWait))
	defer c.TCP().SetWriteDeadline(time.Time{})
	return c.TCP().Write(b)
}

func (c *libraryConn) Close() error { return c.Conn.Close() }

func (c *libraryConn) LocalAddr() net.Addr { return c.TCP().LocalAddr() }

func (c *libraryConn) RemoteAddr() net.Addr { return c.TCP().RemoteAddr() }

// SetDeadline is used to take away what the HTTP server set.
func (c *libraryConn) SetDeadline(t time.Time) error { return c.TCP().SetDeadline(t) }

func (c *libraryConn) SetReadDeadline(t time.Time) error { return c.TCP().SetReadDeadline(t) }

// SetWriteDeadline does nothing: the connection keeps its own time.
func (c *libraryConn) SetWriteDeadline(time.Time) error { return nil }
