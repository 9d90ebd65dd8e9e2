package app

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"partyline/client"
)

// errUnread is the error of an output that nobody reads any more.
var errUnread = errors.New("the output has no reader")

// A printer prints events as lines, many in one write.
type printer struct {
	out      io.Writer
	json     bool
	bookmark *bookmark

	buf  []byte
	last int64 // the id of the last message in buf or printed
}

// printChunk is the size of a write if there are many events.
const printChunk = 64 << 10

// add prints an event with the next flush, unless it is a message that was printed.
func (p *printer) add(e client.Event) error {
	switch e := e.(type) {
	case *client.Message:
		if e.ID <= p.last {
			return nil
		}
		p.last = e.ID
	case *client.Welcome:
		p.bookmark.enter(e)
		p.last = min(p.last, e.Last) // the server may have lost its history
	}
	before := len(p.buf)
	if p.json {
		p.buf = e.AppendJSON(p.buf)
	} else {
		p.buf = e.AppendText(p.buf)
	}
	if len(p.buf) > before {
		p.buf = append(p.buf, '\n')
	}
	if len(p.buf) < printChunk {
		return nil
	}
	return p.flush()
}

// flush writes what was added.
func (p *printer) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	_, err := p.out.Write(p.buf)
	p.buf = p.buf[:0]
	switch {
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return errUnread
	case err != nil:
		return fmt.Errorf("print events: %w", err)
	}
	if p.last > 0 {
		p.bookmark.passed(p.last)
	}
	return nil
}
