// Package hubtest helps to test what meets the interfaces of hub: a Conn in memory for
// whoever tests the hub, the contract of Conn for whoever writes a transport, and the
// story that every Journal must tell.
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

// A Line is a hub.Conn in memory, and the member's end of it. It waits for nothing but
// channels and timers, so that testing/synctest can tell when all is quiet.
type Line struct {
	said   chan said
	rest   []string // of what came together; the hub's goroutine that reads has it
	ahead  []said   // what came after that while Watch waited; the same goroutine has it
	closed chan struct{}

	mu     sync.Mutex
	heard  []byte
	why    error
	gone   error // of all writes from now on
	frozen bool
	thawed chan struct{} // closed by Thaw
	writes int
}

type said struct {
	lines []string
	err   error
}

var (
	_ hub.Conn       = (*Line)(nil)
	_ hub.TryWriter  = (*Line)(nil)
	_ hub.LineBuffer = (*Line)(nil)
	_ hub.Watcher    = (*Line)(nil)
)

// FrozenFor is how long a Line takes nothing before its Write gives up.
const FrozenFor = 8 * time.Second

// NewLine returns a Line whose member hears everything at once.
func NewLine() *Line {
	return &Line{said: make(chan said, 1024), closed: make(chan struct{})}
}

// Say makes the member say lines, which come together.
func (l *Line) Say(lines ...string) { l.said <- said{lines: lines} }

// Fail makes ReadLine return an error. io.EOF is an orderly end.
func (l *Line) Fail(err error) { l.said <- said{err: err} }

// ErrReset is what ReadLine and Watch return after Reset, and writing after HangUp.
var ErrReset = errors.New("connection reset by peer")

// Reset makes the member's connection break.
func (l *Line) Reset() { l.Fail(ErrReset) }

// Leave makes the member end its side.
func (l *Line) Leave() { l.Fail(io.EOF) }

// HangUp makes writing return ErrReset: the member takes nothing more. What it has said, and
// says, can still be read.
func (l *Line) HangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = ErrReset
}

// Heard returns what the member was told since the last call, line by line.
func (l *Line) Heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.heard
	l.heard = nil
	var lines []string
	for line := range bytes.Lines(text) {
		lines = append(lines, string(bytes.TrimSuffix(line, []byte{'\n'})))
	}
	return lines
}

// Freeze makes the member take nothing until Thaw.
func (l *Line) Freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frozen = true
	l.thawed = make(chan struct{})
}

// Thaw makes the member take everything again.
func (l *Line) Thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frozen = false
	close(l.thawed)
}

// Closed returns why the hub closed the Line; nil while it has not.
func (l *Line) Closed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// Writes returns how many calls carried something to the member.
func (l *Line) Writes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes
}

func (l *Line) ReadLine() ([]byte, error) {
	if len(l.rest) == 0 {
		s, err := l.next()
		if err == nil {
			err = s.err
		}
		if err != nil {
			return nil, err
		}
		l.rest = s.lines
	}
	line := l.rest[0]
	l.rest = l.rest[1:]
	return []byte(line), nil
}

// next waits for what the member says or does next.
func (l *Line) next() (said, error) {
	if len(l.ahead) > 0 {
		s := l.ahead[0]
		l.ahead = l.ahead[1:]
		return s, nil
	}
	select {
	case s := <-l.said:
		return s, nil
	case <-l.closed:
		return said{}, os.ErrClosed
	}
}

func (l *Line) HasLine() bool { return len(l.rest) > 0 }

// Watch is hub.Watcher's. What Fail was given comes in its turn.
func (l *Line) Watch(d time.Duration) error {
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	for {
		if len(l.rest) == 0 && len(l.ahead) > 0 && (l.ahead[0].err == io.EOF || l.ahead[0].err == ErrReset) {
			return l.ahead[0].err
		}
		select {
		case s := <-l.said:
			l.ahead = append(l.ahead, s)
		case <-l.closed:
			return os.ErrClosed
		case <-timeout.C:
			return nil
		}
	}
}

func (l *Line) TryWrite(frames []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.why != nil:
		return 0, os.ErrClosed
	case l.gone != nil:
		return 0, l.gone
	case l.frozen:
		return 0, hub.ErrWouldBlock
	}
	l.writes++
	l.heard = append(l.heard, frames...)
	return len(frames), nil
}

func (l *Line) Write(frames []byte) (int, error) {
	timeout := time.NewTimer(FrozenFor)
	defer timeout.Stop()
	for {
		n, err := l.TryWrite(frames)
		if err != hub.ErrWouldBlock {
			return n, err
		}
		l.mu.Lock()
		thawed := l.thawed
		l.mu.Unlock()
		select {
		case <-thawed:
		case <-l.closed:
			return 0, os.ErrClosed
		case <-timeout.C:
			return 0, hub.ErrSlow
		}
	}
}

func (l *Line) Close(why error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why == nil {
		l.why = why
		close(l.closed)
	}
	return nil
}

// Lines is the Codec of Lines: a line an event, in one of the formats.
type Lines struct{ Format wire.Format }

func (c Lines) Append(dst []byte, e wire.Event) []byte {
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

// Codecs are the Codecs of a Line that may speak both formats.
func Codecs() [2]hub.Codec {
	return [2]hub.Codec{wire.Text: Lines{wire.Text}, wire.JSON: Lines{wire.JSON}}
}
