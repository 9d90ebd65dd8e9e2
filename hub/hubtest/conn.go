package hubtest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"partyline/hub"
	"partyline/hub/wire"
)

// A Conn is a hub.Conn in memory, and the member's end of it. It waits only for channels and
// timers, so that it can be used with testing/synctest.
type Conn struct {
	arrivals chan arrival
	closed   chan struct{}

	// The goroutine that reads owns these.
	rest  []string  // the remaining lines of the current arrival
	ahead []arrival // later arrivals that Watch received

	mu         sync.Mutex
	received   []byte // since the last call of Received
	closeError error  // the argument of Close
	writeError error  // the result of every further write
	frozen     bool
	thawed     chan struct{} // closed by Thaw
	writes     int
}

// An arrival is input that arrives at one time: lines, or the error that ends the input.
type arrival struct {
	lines []string
	err   error
}

var (
	_ hub.Conn       = (*Conn)(nil)
	_ hub.TryWriter  = (*Conn)(nil)
	_ hub.LineBuffer = (*Conn)(nil)
	_ hub.Watcher    = (*Conn)(nil)
)

// FreezeTimeout is the time after which Write on a frozen Conn returns hub.ErrSlow.
const FreezeTimeout = 8 * time.Second

// ErrReset is the error of ReadLine and Watch after Reset, and that of writes after HangUp.
var ErrReset = errors.New("connection reset by peer")

// NewConn returns a Conn whose member receives everything immediately.
func NewConn() *Conn {
	return &Conn{arrivals: make(chan arrival, 1024), closed: make(chan struct{})}
}

// Say makes the member say lines, which arrive together.
func (c *Conn) Say(lines ...string) { c.arrivals <- arrival{lines: lines} }

// Fail makes ReadLine return err after the lines that were said. io.EOF is a clean end.
func (c *Conn) Fail(err error) { c.arrivals <- arrival{err: err} }

// Reset makes ReadLine return ErrReset after the lines that were said.
func (c *Conn) Reset() { c.Fail(ErrReset) }

// Leave makes the member end its input cleanly.
func (c *Conn) Leave() { c.Fail(io.EOF) }

// HangUp makes writes return ErrReset. ReadLine still returns what the member says.
func (c *Conn) HangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeError = ErrReset
}

// Received returns the lines that the member received since the last call.
func (c *Conn) Received() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.received
	c.received = nil
	var lines []string
	for line := range bytes.Lines(text) {
		lines = append(lines, string(bytes.TrimSuffix(line, []byte{'\n'})))
	}
	return lines
}

// Freeze makes the member receive nothing until Thaw.
func (c *Conn) Freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = true
	c.thawed = make(chan struct{})
}

// Thaw ends the effect of Freeze.
func (c *Conn) Thaw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = false
	close(c.thawed)
}

// Closed returns the argument of the first Close, or nil if the hub has not closed c.
func (c *Conn) Closed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closeError
}

// Writes returns the number of writes that succeeded.
func (c *Conn) Writes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// ReadLine implements [hub.Conn].
func (c *Conn) ReadLine() ([]byte, error) {
	if len(c.rest) == 0 {
		a, err := c.next()
		if err == nil {
			err = a.err
		}
		if err != nil {
			return nil, err
		}
		c.rest = a.lines
	}
	line := c.rest[0]
	c.rest = c.rest[1:]
	return []byte(line), nil
}

// next waits for the next arrival.
func (c *Conn) next() (arrival, error) {
	if len(c.ahead) > 0 {
		a := c.ahead[0]
		c.ahead = c.ahead[1:]
		return a, nil
	}
	select {
	case a := <-c.arrivals:
		return a, nil
	case <-c.closed:
		return arrival{}, os.ErrClosed
	}
}

// HasLine implements [hub.LineBuffer].
func (c *Conn) HasLine() bool { return len(c.rest) > 0 }

// Watch implements [hub.Watcher]. It returns io.EOF and ErrReset, but no other error of Fail.
func (c *Conn) Watch(d time.Duration) error {
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	for {
		if len(c.rest) == 0 && len(c.ahead) > 0 && (c.ahead[0].err == io.EOF || c.ahead[0].err == ErrReset) {
			return c.ahead[0].err
		}
		select {
		case a := <-c.arrivals:
			c.ahead = append(c.ahead, a)
		case <-c.closed:
			return os.ErrClosed
		case <-timeout.C:
			return nil
		}
	}
}

// TryWrite implements [hub.TryWriter].
func (c *Conn) TryWrite(frames []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closeError != nil:
		return 0, os.ErrClosed
	case c.writeError != nil:
		return 0, c.writeError
	case c.frozen:
		return 0, hub.ErrWouldBlock
	}
	c.writes++
	c.received = append(c.received, frames...)
	return len(frames), nil
}

// Write implements [hub.Conn].
func (c *Conn) Write(frames []byte) (int, error) {
	timeout := time.NewTimer(FreezeTimeout)
	defer timeout.Stop()
	for {
		n, err := c.TryWrite(frames)
		if err != hub.ErrWouldBlock {
			return n, err
		}
		c.mu.Lock()
		thawed := c.thawed
		c.mu.Unlock()
		select {
		case <-thawed:
		case <-c.closed:
			return 0, os.ErrClosed
		case <-timeout.C:
			return 0, hub.ErrSlow
		}
	}
}

// Close implements [hub.Conn]. It keeps the first reason.
func (c *Conn) Close(reason error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closeError == nil {
		c.closeError = reason
		close(c.closed)
	}
	return nil
}

// A Codec is the hub.Codec of a Conn for one format. It ends each event with LF.
type Codec struct{ Format wire.Format }

// Append implements [hub.Codec].
func (c Codec) Append(dst []byte, e wire.Event) []byte {
	before := len(dst)
	if c.Format == wire.JSON {
		dst = e.AppendJSON(dst)
	} else {
		dst = e.AppendText(dst)
	}
	if len(dst) == before {
		return dst
	}
	return append(dst, '\n')
}

// Codecs returns the codecs of a Conn for both formats.
func Codecs() [2]hub.Codec {
	return [2]hub.Codec{wire.Text: Codec{wire.Text}, wire.JSON: Codec{wire.JSON}}
}
