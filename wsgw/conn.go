package wsgw

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"partyline/hub"
	"partyline/hub/socket"
	"partyline/hub/wire"
)

const (
	// lingerTime bounds how long Close reads and drops input after it has sent the close frame.
	// Closing a socket with unread input resets the connection, and the client may lose the frame.
	lingerTime = 5 * time.Second
	// shutdownLingerTime is lingerTime when the server shuts down.
	shutdownLingerTime = time.Second
	// closeWait is how long Close waits for a write in progress.
	closeWait = 250 * time.Millisecond
)

// A conn is a WebSocket as a hub.Conn.
type conn struct {
	frameConn
	ws     *websocket.Conn // joins frames to messages
	format wire.Format

	message []byte // the current message
	rest    []byte // the lines of message that ReadLine has not returned yet
	more    bool   // rest has at least one line, which may be empty
}

var (
	_ hub.Conn       = (*conn)(nil)
	_ hub.TryWriter  = (*conn)(nil)
	_ hub.LineBuffer = (*conn)(nil)
	_ hub.Watcher    = (*conn)(nil)
)

// startFrames prepares c for frames after the library's handshake.
func (c *conn) startFrames(ws *websocket.Conn, format wire.Format, maxMessage int) {
	ws.SetReadLimit(int64(maxMessage))
	c.ws, c.format = ws, format
	c.upgraded = true
	c.startSilenceTimer()
}

// ReadLine implements [hub.Conn]. It returns the lines of a text message one by one, and a
// JSON message as a whole. It returns several blank lines in a row as one, and hub.ErrControl
// once for each ping and for each pong that answers no ping.
func (c *conn) ReadLine() ([]byte, error) {
	if !c.reading.TryLock() {
		return nil, net.ErrClosed
	}
	defer c.reading.Unlock()
	if c.closing.Load() {
		return nil, net.ErrClosed
	}
	if !c.more {
		c.markReading()
		err := c.awaitMessage()
		switch {
		case err != nil:
			err = c.endError(err)
		case c.controls > 0:
			c.controls--
			err = hub.ErrControl
		default:
			err = c.readMessage()
		}
		c.markNotReading()
		if c.closing.Load() {
			return nil, net.ErrClosed
		}
		if err != nil {
			return nil, err
		}
		if c.format == wire.JSON {
			return c.message, nil
		}
		c.rest = c.message
	}
	if n := socket.BlankLines(c.rest); n > 0 {
		c.rest, c.more = c.rest[n:], n < len(c.rest)
		return nil, nil
	}
	var line []byte
	line, c.rest, c.more = bytes.Cut(c.rest, []byte{'\n'})
	if c.more {
		line = bytes.TrimSuffix(line, []byte{'\r'})
	}
	return line, nil
}

// Watch implements [hub.Watcher]. The end of the input without a Close is an error other than
// io.EOF.
func (c *conn) Watch(d time.Duration) error {
	if !c.reading.TryLock() {
		return net.ErrClosed
	}
	defer c.reading.Unlock()
	err := c.Conn.Watch(d, !c.more && len(c.in) == 0)
	if err == io.EOF {
		return errNoClose
	}
	return err
}

// HasLine implements [hub.LineBuffer].
func (c *conn) HasLine() bool { return c.more || c.controls > 0 || c.hasText() }

// readMessage reads a whole text message into c.message.
func (c *conn) readMessage() error {
	typ, r, err := c.ws.NextReader()
	if err != nil {
		return c.endError(err)
	}
	if typ != websocket.TextMessage {
		return &protocolError{websocket.CloseUnsupportedData, "a binary message"}
	}
	if cap(c.message) > 4<<10 { // large messages are rare
		c.message = nil
	}
	if c.message, err = appendText(c.message[:0], r); err != nil {
		return c.endError(err)
	}
	return nil
}

// appendText appends a text message to dst. It returns errNotUTF8 as soon as the message
// can't be UTF-8 (RFC 6455 section 8.1).
func appendText(dst []byte, r io.Reader) ([]byte, error) {
	valid := len(dst) // dst[:valid] is UTF-8
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, make([]byte, max(256, len(dst)))...)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if n > 0 {
			rest := partialRune(dst[valid:])
			if !utf8.Valid(dst[valid : len(dst)-rest]) {
				return dst, errNotUTF8
			}
			valid = len(dst) - rest
		}
		switch {
		case err == io.EOF && valid < len(dst):
			return dst, errNotUTF8
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		}
	}
}

// partialRune returns the number of bytes of an incomplete code point at the end of b.
func partialRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if last := b[len(b)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}

var (
	errNoClose = errors.New("connection lost")
	errSilent  = fmt.Errorf("no whole frame for %v", silenceTimeout)
	errNotUTF8 = error(&protocolError{websocket.CloseInvalidFramePayloadData, "a message that is not UTF-8"})
)

// endError returns the error that ReadLine returns for an error of the library or the socket.
func (c *conn) endError(err error) error {
	var closed *websocket.CloseError
	switch {
	case c.readErr != nil:
		return c.readErr
	case errors.Is(err, websocket.ErrReadLimit):
		return &protocolError{websocket.CloseMessageTooBig, "a message that is too long"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSilent
	case err == io.EOF, errors.As(err, &closed): // the library never receives the client's Close
		return errNoClose
	}
	return err
}

// Close implements [hub.Conn]. If reason is hub.ErrSlow it resets the connection. If reason has
// a close code, it sends a close frame and waits for the client's Close for lingerTime or
// shutdownLingerTime (RFC 6455 section 7.1.1). Then it closes the connection.
func (c *conn) Close(reason error) error {
	if c.closing.Swap(true) {
		return c.Conn.Close()
	}
	c.silenceTimer.Stop()
	code := closeCode(reason)
	switch {
	case errors.Is(reason, hub.ErrSlow):
		return c.Reset()
	case code == 0:
		return c.Conn.Close()
	}
	if err := c.WriteLast(closeFrame(code), closeWait); err != nil {
		return errors.Join(err, c.Conn.Close())
	}
	c.EndReading()
	c.reading.Lock()
	defer c.reading.Unlock()
	deadline := time.Now().Add(lingerTime)
	if errors.Is(reason, hub.ErrShutdown) {
		deadline = time.Now().Add(shutdownLingerTime)
	}
	c.drainLocked(deadline)
	return c.Linger(time.Until(deadline))
}
