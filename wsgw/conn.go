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
	// lingerTime is how long a closed connection is read on, so that the close code is
	// really read and not lost to a reset.
	lingerTime = 5 * time.Second
	// shutdownTime is lingerTime when the server ends.
	shutdownTime = time.Second
	// closeWait is how long Close waits for a write that is under way.
	closeWait = 250 * time.Millisecond
)

// conn is a line over a WebSocket.
type conn struct {
	link
	ws     *websocket.Conn // reads messages
	format wire.Format

	message []byte // the current one
	rest    []byte // of it: the lines to come
	more    bool   // there are some
}

var (
	_ hub.Conn       = (*conn)(nil)
	_ hub.TryWriter  = (*conn)(nil)
	_ hub.LineBuffer = (*conn)(nil)
	_ hub.Watcher    = (*conn)(nil)
)

// begin begins to speak frames, when the library has shaken hands.
func (c *conn) begin(ws *websocket.Conn, format wire.Format, maxMessage int) {
	ws.SetReadLimit(int64(maxMessage))
	c.ws, c.format = ws, format
	c.upgrade = true
	c.watch()
}

// ReadLine returns the lines of a text message one by one, and a JSON message as it is. It
// returns blank lines in a row as one, and hub.ErrControl once for each ping, and for each
// pong that answers none.
func (c *conn) ReadLine() ([]byte, error) {
	if !c.reading.TryLock() {
		return nil, net.ErrClosed
	}
	defer c.reading.Unlock()
	if c.closing.Load() {
		return nil, net.ErrClosed
	}
	if !c.more {
		c.listen()
		err := c.await()
		switch {
		case err != nil:
			err = c.ending(err)
		case c.controls > 0:
			c.controls--
			err = hub.ErrControl
		default:
			err = c.readMessage()
		}
		c.ignore()
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

// Watch is hub.Watcher's. The end of the input without a Close is no end in good order.
func (c *conn) Watch(d time.Duration) error {
	if !c.reading.TryLock() {
		return net.ErrClosed
	}
	defer c.reading.Unlock()
	err := c.Conn.Watch(d, !c.more && len(c.in) == 0)
	if err == io.EOF {
		return errNoFarewell
	}
	return err
}

func (c *conn) HasLine() bool { return c.more || c.controls > 0 || c.hasText() }

func (c *conn) readMessage() error {
	typ, r, err := c.ws.NextReader()
	if err != nil {
		return c.ending(err)
	}
	if typ != websocket.TextMessage {
		return &violation{websocket.CloseUnsupportedData, "a binary message"}
	}
	if cap(c.message) > 4<<10 { // a large one was an exception
		c.message = nil
	}
	if c.message, err = appendText(c.message[:0], r); err != nil {
		return c.ending(err)
	}
	return nil
}

// appendText appends a text message to dst, and stops as soon as it can't become UTF-8 (RFC
// 6455 section 8.1).
func appendText(dst []byte, r io.Reader) ([]byte, error) {
	valid := len(dst) // up to here it is UTF-8
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

// partialRune returns the length of the code point that b ends within, or 0.
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
	errNoFarewell = errors.New("connection lost")
	errSilent     = fmt.Errorf("no whole frame for %v", silence)
	errNotUTF8    = error(&violation{websocket.CloseInvalidFramePayloadData, "a message that is not UTF-8"})
)

// ending says in our terms why the library can't read on.
func (c *conn) ending(err error) error {
	var cut *websocket.CloseError
	switch {
	case c.end != nil:
		return c.end
	case errors.Is(err, websocket.ErrReadLimit):
		return &violation{websocket.CloseMessageTooBig, "a message that is too long"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSilent
	case err == io.EOF, errors.As(err, &cut): // no Close of the client's: the library sees none
		return errNoFarewell
	}
	return err
}

// Close resets a connection that took nothing. It ends any other with a close frame, if
// there is something to say, and waits until the client has sent its own before it closes
// the connection (RFC 6455 section 7.1.1), but not for long.
func (c *conn) Close(why error) error {
	if c.closing.Swap(true) {
		return c.Conn.Close()
	}
	c.timer.Stop()
	code := closeCode(why)
	switch {
	case errors.Is(why, hub.ErrSlow):
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
	late := time.Now().Add(lingerTime)
	if errors.Is(why, hub.ErrShutdown) {
		late = time.Now().Add(shutdownTime)
	}
	c.hearOut(late)
	return c.Linger(time.Until(late))
}
