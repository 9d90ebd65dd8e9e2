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

// A simCodec encodes an event as a frame of two lengths, its text, and its JSON. The lengths
// reveal a frame that is cut or mixed with another, and the JSON gives the checks the ids in
// the text format too.
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

// A simFrame is a received frame.
type simFrame struct{ text, object string }

// frameLen returns the length of the first frame in b.
func frameLen(b []byte) int {
	return 8 + int(binary.BigEndian.Uint32(b)) + int(binary.BigEndian.Uint32(b[4:]))
}

// parseFrames returns the whole frames in b. ok is false if b is not a sequence of frames.
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

// A simConn is a connection with a buffer, from which its peer reads at a rate.
type simConn struct {
	input  chan []string // lines that come together; nil is the end of the input
	lines  []string      // not yet returned by ReadLine, which owns them
	closed chan struct{}

	mu         sync.Mutex
	size       int // of the buffer, in bytes
	rate       int // at which the peer reads, in bytes a second
	queued     int // bytes in the buffer at the time at
	at         time.Time
	partial    []byte // the rest of a frame of which some bytes were written
	got        []byte // all bytes written
	err        error  // returned by all calls
	writeFails bool   // all writes fail
	panics     bool   // the next write panics
	closeErr   error  // argument of the first Close
	changed    chan struct{}
}

func newSimConn(size, rate int) *simConn {
	return &simConn{
		input: make(chan []string, 4096), closed: make(chan struct{}), changed: make(chan struct{}),
		size: size, rate: rate, at: time.Now(),
	}
}

// set changes the connection, and wakes a waiting Write.
func (c *simConn) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drainLocked()
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
		case lines := <-c.input:
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

// drainLocked removes from the buffer what the peer has read until now.
func (c *simConn) drainLocked() {
	now := time.Now()
	c.queued = max(c.queued-int(float64(c.rate)*now.Sub(c.at).Seconds()), 0)
	c.at = now
}

// putLocked puts as much of b into the buffer as it has room for, and returns the number of
// bytes.
func (c *simConn) putLocked(b []byte) int {
	c.drainLocked()
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
	case c.writeFails:
		return 0, errSimReset
	case len(c.partial) > 0:
		return 0, ErrWouldBlock
	}
	n := c.putLocked(frames)
	if n == len(frames) {
		return n, nil
	}
	return c.cutLocked(frames, n), ErrWouldBlock
}

// cutLocked keeps the rest of a frame of which some bytes were put into the buffer. It returns
// the number of bytes that count as written: the rest of the frame does.
func (c *simConn) cutLocked(frames []byte, n int) int {
	end := 0
	for end < n {
		end += frameLen(frames[end:])
	}
	c.partial = append([]byte(nil), frames[n:end]...)
	return end
}

func (c *simConn) Write(frames []byte) (n int, err error) {
	lastProgress := time.Now()
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
		if c.writeFails {
			c.mu.Unlock()
			return n, errSimReset
		}
		before := len(c.got)
		k := c.putLocked(c.partial)
		c.partial = c.partial[k:]
		if len(c.partial) == 0 && n < len(frames) {
			k := c.putLocked(frames[n:])
			n += c.cutLocked(frames[n:], k)
		}
		done := len(c.partial) == 0 && n == len(frames)
		// Write may return before all frames are written, but not within a frame.
		if done || len(c.partial) == 0 && n > 0 {
			c.mu.Unlock()
			return n, nil
		}
		if len(c.got) > before {
			lastProgress = time.Now()
		}
		changed := c.changed
		wait := 8*time.Second - time.Since(lastProgress)
		if c.rate > 0 {
			wait = min(wait, time.Duration(1+c.size/4*1000/c.rate)*time.Millisecond)
		}
		c.mu.Unlock()
		if time.Since(lastProgress) >= 8*time.Second {
			return n, ErrSlow
		}
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (c *simConn) Close(why error) error {
	c.set(func() {
		if c.closeErr == nil {
			c.closeErr = why
		}
		if c.err == nil {
			c.err = os.ErrClosed
			close(c.closed)
		}
	})
	return nil
}

// alive reports whether the connection is neither closed nor broken in either direction.
func (c *simConn) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && !c.writeFails
}

// received returns the frames that were written.
func (c *simConn) received() (frames []simFrame, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return parseFrames(c.got)
}

// A simTryConn is a simConn that is a TryWriter and a LineBuffer.
type simTryConn struct{ *simConn }

var (
	_ TryWriter  = simTryConn{}
	_ LineBuffer = simTryConn{}
)

func (c simTryConn) TryWrite(frames []byte) (int, error) { return c.tryWrite(frames) }

func (c simTryConn) HasLine() bool { return len(c.lines) > 0 }
