package hub

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"partyline/hub/wire"
)

// simCodec frames what a client of a format gets so that a frame that is cut or mixed up is
// noticed: its length, and the text and the JSON of the event. So the checks know the ids in
// text too.
type simCodec struct{ format wire.Format }

func (c simCodec) Append(dst []byte, e wire.Event) []byte {
	var text []byte
	if c.format == wire.Text {
		if text = e.AppendText(nil); len(text) == 0 {
			return dst
		}
	}
	object := e.AppendJSON(nil)
	if len(text)+len(object) == 0 {
		return dst
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(text)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(object)))
	return append(append(dst, text...), object...)
}

var simCodecs = [2]Codec{wire.Text: simCodec{wire.Text}, wire.JSON: simCodec{wire.JSON}}

// simFrame is a frame as it was received.
type simFrame struct{ text, object string }

// frameLen returns the length of the frame that b begins with.
func frameLen(b []byte) int {
	return 8 + int(binary.BigEndian.Uint32(b)) + int(binary.BigEndian.Uint32(b[4:]))
}

// parseFrames returns the whole frames in b, and reports whether the rest may begin one.
func parseFrames(b []byte) (frames []simFrame, ok bool) {
	for len(b) >= 8 {
		text, object := int(binary.BigEndian.Uint32(b)), int(binary.BigEndian.Uint32(b[4:]))
		if text > 1<<20 || object > 1<<20 {
			return frames, false
		}
		if len(b) < 8+text+object {
			break
		}
		frames = append(frames, simFrame{string(b[8 : 8+text]), string(b[8+text : 8+text+object])})
		b = b[8+text+object:]
	}
	return frames, true
}

var errSimReset = errors.New("connection reset")

// A simConn is a connection with a buffer that its peer empties at a rate.
type simConn struct {
	said   chan []string // lines that come together; nil is the end of the input
	lines  []string      // the hub's reader's
	closed chan struct{}

	mu      sync.Mutex
	size    int       // of the buffer, in bytes
	rate    int       // bytes a second; 0 takes nothing
	queued  int       // bytes in the buffer at a time
	at      time.Time // that time
	rest    []byte    // of a frame that was begun
	got     []byte    // what the peer was sent
	err     error     // of all calls from now on
	deaf    bool      // all writes fail from now on
	panics  bool      // the next write panics
	ended   error     // why the hub closed it
	changed chan struct{}
}

func newSimConn(size, rate int) *simConn {
	return &simConn{
		said: make(chan []string, 4096), closed: make(chan struct{}), changed: make(chan struct{}),
		size: size, rate: rate, at: time.Now(),
	}
}

// set changes the connection, and wakes up a Write that waits.
func (c *simConn) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.empty()
	change()
	close(c.changed)
	c.changed = make(chan struct{})
}

// reset breaks the connection.
func (c *simConn) reset() {
	c.set(func() {
		if c.err == nil {
			c.err = errSimReset
			close(c.closed)
		}
	})
}

func (c *simConn) ReadLine() ([]byte, error) {
	for len(c.lines) == 0 {
		select {
		case lines := <-c.said:
			if lines == nil {
				return nil, io.EOF
			}
			c.lines = lines
		case <-c.closed:
			return nil, errSimReset
		}
	}
	line := c.lines[0]
	c.lines = c.lines[1:]
	return []byte(line), nil
}

// empty takes out of the buffer what the peer took until now. c.mu is held.
func (c *simConn) empty() {
	now := time.Now()
	c.queued = max(c.queued-int(float64(c.rate)*now.Sub(c.at).Seconds()), 0)
	c.at = now
}

// put puts bytes into the buffer, and returns how many. c.mu is held.
func (c *simConn) put(b []byte) int {
	c.empty()
	n := min(len(b), c.size-c.queued)
	c.got = append(c.got, b[:n]...)
	c.queued += n
	return n
}

func (c *simConn) tryWrite(frames []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.panics:
		c.panics = false
		panic("simulated")
	case c.err != nil:
		return 0, c.err
	case c.deaf:
		return 0, errSimReset
	case len(c.rest) > 0:
		return 0, ErrWouldBlock
	}
	n := c.put(frames)
	if n == len(frames) {
		return n, nil
	}
	return c.cut(frames, n), ErrWouldBlock
}

// cut keeps the rest of a frame of which something was put, and returns the bytes that count
// as written. c.mu is held.
func (c *simConn) cut(frames []byte, n int) int {
	end := 0
	for end < n {
		end += frameLen(frames[end:])
	}
	c.rest = append([]byte(nil), frames[n:end]...)
	return end
}

func (c *simConn) Write(frames []byte) (n int, err error) {
	took := time.Now()
	for {
		c.mu.Lock()
		if c.panics {
			c.panics = false
			c.mu.Unlock()
			panic("simulated")
		}
		if c.err != nil {
			c.mu.Unlock()
			return n, c.err
		}
		if c.deaf {
			c.mu.Unlock()
			return n, errSimReset
		}
		before := len(c.got)
		k := c.put(c.rest)
		c.rest = c.rest[k:]
		if len(c.rest) == 0 && n < len(frames) {
			k := c.put(frames[n:])
			n += c.cut(frames[n:], k)
		}
		done := len(c.rest) == 0 && n == len(frames)
		// Whole frames are enough: it may return before all is written.
		if done || len(c.rest) == 0 && n > 0 {
			c.mu.Unlock()
			return n, nil
		}
		if len(c.got) > before {
			took = time.Now()
		}
		changed := c.changed
		wait := 8*time.Second - time.Since(took)
		if c.rate > 0 {
			wait = min(wait, time.Duration(1+c.size/4*1000/c.rate)*time.Millisecond)
		}
		c.mu.Unlock()
		if time.Since(took) >= 8*time.Second {
			return n, ErrSlow
		}
		late := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-changed:
		case <-late.C:
		}
		late.Stop()
	}
}

func (c *simConn) Close(why error) error {
	c.set(func() {
		if c.ended == nil {
			c.ended = why
		}
		if c.err == nil {
			c.err = os.ErrClosed
			close(c.closed)
		}
	})
	return nil
}

// alive reports whether the connection is neither broken, in one direction at least, nor
// closed.
func (c *simConn) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && !c.deaf
}

// received returns what the peer was sent.
func (c *simConn) received() (frames []simFrame, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return parseFrames(c.got)
}

// simTryConn is a simConn that can write without waiting and knows its lines.
type simTryConn struct{ *simConn }

var (
	_ TryWriter  = simTryConn{}
	_ LineBuffer = simTryConn{}
)

func (c simTryConn) TryWrite(frames []byte) (int, error) { return c.tryWrite(frames) }

func (c simTryConn) HasLine() bool { return len(c.lines) > 0 }
