package wsgw

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"partyline/hub"
)

const (
	// lingerTime is how long a closed connection is read on, so that the close code is
	// really read and not lost to a reset.
	lingerTime = 5 * time.Second
	// closeWait is how long Close waits for a write that is under way.
	closeWait = 250 * time.Millisecond
)

// conn is a line over a WebSocket.
type conn struct {
	link
	ws     *websocket.Conn // reads; writes nothing but control frames
	format hub.Format

	message []byte // the current one
	rest    []byte // of it: the lines to come
	more    bool   // there are some
}

var (
	_ hub.Conn       = (*conn)(nil)
	_ hub.TryWriter  = (*conn)(nil)
	_ hub.LineBuffer = (*conn)(nil)
)

// begin begins to speak frames, when the library has shaken hands.
func (c *conn) begin(ws *websocket.Conn, format hub.Format, maxMessage int) {
	ws.SetReadLimit(int64(maxMessage))
	// The answer to a client's Close is Close's to send, behind what it is owed.
	ws.SetCloseHandler(silentClose)
	c.ws, c.format = ws, format
	c.upgrade = true
	c.watch()
}

func silentClose(int, string) error { return nil }

// ReadLine returns the lines of a text message one by one, and a JSON message as it is.
func (c *conn) ReadLine() ([]byte, error) {
	if !c.more {
		c.listen()
		err := c.await()
		if err != nil {
			err = c.ending(err)
		} else {
			err = c.readMessage()
		}
		c.ignore()
		if c.closing.Load() {
			return nil, net.ErrClosed
		}
		if err != nil {
			return nil, err
		}
		if c.format == hub.JSON {
			return c.message, nil
		}
		c.rest = c.message
	}
	var line []byte
	line, c.rest, c.more = bytes.Cut(c.rest, []byte{'\n'})
	if c.more {
		line = bytes.TrimSuffix(line, []byte{'\r'})
	}
	return line, nil
}

func (c *conn) HasLine() bool { return c.more || c.hasText() }

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
	c.message, err = appendAll(c.message[:0], r)
	if err != nil {
		return c.ending(err)
	}
	if !utf8.Valid(c.message) {
		return &violation{websocket.CloseInvalidFramePayloadData, "a message that is not UTF-8"}
	}
	return nil
}

func appendAll(dst []byte, r io.Reader) ([]byte, error) {
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, make([]byte, max(256, len(dst)))...)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

// A farewell is the client's own Close, which is answered with its code. It is an io.EOF.
type farewell struct{ code int }

func (f *farewell) Error() string { return fmt.Sprintf("client closed with %d", f.code) }

func (f *farewell) Unwrap() error { return io.EOF }

var errNoFarewell = errors.New("connection lost")

// ending says in our terms why the library can't read on.
func (c *conn) ending(err error) error {
	var bad *violation
	if errors.As(err, &bad) {
		return bad
	}
	if frame := c.farewell; len(frame) >= 4 {
		code := int(frame[2])<<8 | int(frame[3])
		return &violation{code, err.Error()}
	}
	var closed *websocket.CloseError
	switch {
	case err == io.EOF:
		return errNoFarewell
	case errors.As(err, &closed):
		if closed.Code == websocket.CloseAbnormalClosure {
			return errNoFarewell
		}
		return &farewell{closed.Code}
	}
	return err
}

// Close resets a connection that took nothing. It ends any other with a close frame where
// there is something to say, reads on until the client's end or for a moment, and closes.
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
	return c.Linger(lingerTime)
}

// closeFrame makes a close frame; without a status where the client's had none.
func closeFrame(code int) []byte {
	if code == websocket.CloseNoStatusReceived {
		return []byte{finClose, 0}
	}
	return []byte{finClose, 2, byte(code >> 8), byte(code)}
}

// closeCode returns the close code for a reason, or 0 where nobody is there to read it.
func closeCode(why error) int {
	var left *farewell
	var bad *violation
	switch {
	case errors.As(why, &left):
		return left.code
	case errors.As(why, &bad):
		return bad.code
	case errors.Is(why, hub.ErrQuit):
		return websocket.CloseNormalClosure
	case errors.Is(why, hub.ErrShutdown):
		return websocket.CloseServiceRestart
	case errors.Is(why, hub.ErrHTTP):
		return websocket.CloseProtocolError
	case errors.Is(why, hub.ErrFault):
		return websocket.CloseInternalServerErr
	}
	return 0
}
