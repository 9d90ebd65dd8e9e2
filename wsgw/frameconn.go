package wsgw

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"partyline/hub"
	"partyline/hub/socket"
)

const (
	// silenceTimeout is how long a client may send no whole frame while the server reads. The
	// server pings more often than that.
	silenceTimeout = 60 * time.Second
	// freePongInterval is the minimum time between two pongs that are not counted. It is less
	// than the time between pings, so that no pong of a client that only answers pings counts.
	freePongInterval = 10 * time.Second
	// handshakeTimeout bounds the write of the handshake's response. The send buffer has room
	// for it unless the client has not read earlier responses.
	handshakeTimeout = time.Second
)

// A frameConn is the connection below the WebSocket library. It checks the frames that it
// reads, handles control frames itself and passes the rest to the library. The hub writes
// whole frames to it directly, without the library.
type frameConn struct {
	socket.Conn
	closing  atomic.Bool // Close was called
	upgraded bool        // the handshake is over

	startTime    time.Time    // when the handshake ended
	lastFrame    atomic.Int64 // when a frame ended or reading started, in ns since startTime; 0 while no goroutine reads
	silenceTimer *time.Timer  // runs checkSilence

	reading sync.Mutex // held by ReadLine and Watch, and by Close while it drains the input

	// Guarded by reading.
	in      []byte // input that was read but not scanned yet
	scanner scanner
	readErr error // ends the input of the library: a *protocolError or a *closeError

	controls int           // control frames for which ReadLine must return hub.ErrControl
	freePong time.Duration // when the last uncounted pong arrived, since startTime
}

// awaitMessage waits for the first frame of a message, so that a goroutine that waits needs
// less stack than in the library. It handles the control frames before the message, and returns
// early if one of them counts.
func (c *frameConn) awaitMessage() error {
	for c.controls == 0 {
		if c.readErr == nil && len(c.in) == 0 {
			in, err := c.Conn.Read()
			if err != nil {
				return err
			}
			c.in = in
		}
		if c.readErr == nil && c.scanner.betweenFrames() && !isControl(c.in[0]) {
			return nil
		}
		if _, err := c.receive(len(c.in)); err != nil {
			return err
		}
	}
	return nil
}

// receive reads at most n bytes, none of them after the end of the current frame. It returns
// the bytes of a data frame. It returns nothing for the bytes of a control frame, which it
// handles when the frame is whole. A client's Close and a breach of the protocol are errors.
func (c *frameConn) receive(n int) ([]byte, error) {
	if c.readErr != nil {
		return nil, c.readErr
	}
	if len(c.in) == 0 {
		in, err := c.Conn.Read()
		if err != nil {
			return nil, err
		}
		c.in = in
	}
	n, whole, err := c.scanner.next(c.in[:min(n, len(c.in))])
	if err != nil {
		c.readErr = err
		return nil, err
	}
	b := c.in[:n]
	c.in = c.in[n:]
	if whole {
		c.markReading()
	}
	switch {
	case !c.scanner.inControl():
		return b, nil
	case whole:
		return nil, c.handleControl()
	}
	return nil, nil
}

// handleControl handles a whole ping or pong. It answers pings. It counts pings, and pongs that
// answer no ping of the server.
func (c *frameConn) handleControl() error {
	payload := unmask(c.scanner.control)
	c.scanner.control = nil
	if c.scanner.header[0] == finPing {
		c.controls++
		_, err := c.Conn.Write(append([]byte{finPong, byte(len(payload))}, payload...))
		if errors.Is(err, hub.ErrSlow) {
			return err
		}
		return nil // after any other error the connection can still be read
	}
	if now := time.Since(c.startTime); c.freePong == 0 || now-c.freePong >= freePongInterval {
		c.freePong = now
	} else {
		c.controls++
	}
	return nil
}

// hasText reports whether in starts with a whole text message in one frame.
func (c *frameConn) hasText() bool {
	return c.readErr == nil && c.scanner.betweenFrames() && wholeFrame(c.in, finText) > 0
}

// drainLocked reads and drops frames until the client's Close, the end of the input or a
// deadline. It stops at a breach of the protocol, after which the start of the next frame is
// unknown.
func (c *frameConn) drainLocked(deadline time.Time) {
	c.NetConn().SetReadDeadline(deadline)
	for c.readErr == nil {
		if len(c.in) == 0 {
			in, err := c.Conn.Read()
			if err != nil {
				return
			}
			c.in = in
		}
		n, _, err := c.scanner.next(c.in)
		c.in, c.readErr = c.in[n:], err
	}
}

// startSilenceTimer starts the checks for silence.
func (c *frameConn) startSilenceTimer() {
	c.startTime = time.Now()
	c.silenceTimer = time.AfterFunc(silenceTimeout, c.checkSilence)
}

// markReading records that a frame has ended or that reading starts.
func (c *frameConn) markReading() { c.lastFrame.Store(max(int64(time.Since(c.startTime)), 1)) }

// markNotReading records that no goroutine reads. The client is not silent in that time.
func (c *frameConn) markNotReading() { c.lastFrame.Store(0) }

// checkSilence ends reading if the client is silent. Otherwise it resets the timer.
func (c *frameConn) checkSilence() {
	left := silenceTimeout
	if last := c.lastFrame.Load(); last != 0 {
		left -= time.Since(c.startTime) - time.Duration(last)
		switch {
		case left > 0:
		case c.IsLagging(): // the client has not received the ping yet
			left = silenceTimeout
		default:
			c.EndReading()
			return
		}
	}
	if !c.closing.Load() {
		c.silenceTimer.Reset(left)
	}
}

// A libraryConn is a frameConn as a net.Conn for the library.
type libraryConn frameConn

var _ net.Conn = (*libraryConn)(nil)

// Read returns bytes of at most one frame, so that the library has read no byte of the next
// frame when awaitMessage runs.
func (c *libraryConn) Read(b []byte) (int, error) {
	for {
		data, err := (*frameConn)(c).receive(len(b))
		if err != nil || len(data) > 0 {
			return copy(b, data), err
		}
	}
}

// Write writes the handshake's response and drops everything after it: the frameConn answers
// pings, and Close writes the close frame.
func (c *libraryConn) Write(b []byte) (int, error) {
	if c.upgraded {
		return len(b), nil
	}
	return c.Conn.WriteWithin(b, handshakeTimeout)
}

func (c *libraryConn) Close() error { return c.Conn.Close() }

func (c *libraryConn) LocalAddr() net.Addr { return c.NetConn().LocalAddr() }

func (c *libraryConn) RemoteAddr() net.Addr { return c.NetConn().RemoteAddr() }

// SetDeadline lets the library remove the deadline that the HTTP server set.
func (c *libraryConn) SetDeadline(t time.Time) error { return c.NetConn().SetDeadline(t) }

func (c *libraryConn) SetReadDeadline(t time.Time) error { return c.NetConn().SetReadDeadline(t) }

// SetWriteDeadline does nothing: the socket.Conn sets its own write deadlines.
func (c *libraryConn) SetWriteDeadline(time.Time) error { return nil }
