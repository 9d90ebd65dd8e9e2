package tcpgw

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"partyline/hub"
)

const (
	smallBuffer = 512 // an idle connection's
	largeBuffer = 16 << 10
)

// lines reads the lines of a byte stream, without telnet's negotiation (RFC 854). It
// holds at most one line of max bytes and a buffer, however long the lines are.
type lines struct {
	src io.Reader
	max int // bytes in a line, without CR and LF

	buf      []byte
	unread   []byte // of buf
	crowded  bool   // the last read filled buf
	line     []byte // the line so far, where it came in parts
	telnet   telnet
	skipping bool // the rest of a line that is too long
	ended    error
}

// telnet says what part of a telnet sequence was read.
type telnet uint8

const (
	plain     telnet = iota
	command          // IAC
	option           // IAC WILL, WONT, DO or DONT
	parameter        // IAC SB …
	closing          // IAC SB … IAC
)

// Bytes of telnet.
const (
	iac  = 0xff
	will = 0xfb
	sb   = 0xfa
	se   = 0xf0
)

// next returns the next line, or hub.ErrTooLong and hub.ErrNotUTF8 in the place of one.
// The line is valid until the next call.
func (l *lines) next() ([]byte, error) {
	l.line = l.line[:0]
	if cap(l.line) > largeBuffer {
		l.line = nil
	}
	for {
		if len(l.unread) == 0 {
			if err := l.fill(); err != nil {
				return l.last(err)
			}
		}
		part, rest, whole := bytes.Cut(l.unread, []byte{'\n'})
		l.unread = rest
		switch {
		case l.skipping:
			l.skipping = !whole
			l.telnet = plain
			continue
		case whole && len(l.line) == 0 && l.telnet == plain && bytes.IndexByte(part, iac) < 0:
			return l.check(bytes.TrimSuffix(part, []byte{'\r'}))
		}
		l.add(part)
		if whole {
			l.telnet = plain
			return l.check(bytes.TrimSuffix(l.line, []byte{'\r'}))
		}
		if len(l.line) > l.max+1 { // a CR may be the last
			l.line = l.line[:0]
			l.skipping = true
			return nil, hub.ErrTooLong
		}
	}
}

// add puts a part of a line behind what there is, without telnet's sequences.
func (l *lines) add(part []byte) {
	for len(part) > 0 && len(l.line) <= l.max+1 {
		if l.telnet == plain {
			i := bytes.IndexByte(part, iac)
			if i < 0 {
				l.line = append(l.line, part...)
				return
			}
			l.line = append(l.line, part[:i]...)
			l.telnet = command
			part = part[i+1:]
			continue
		}
		l.negotiate(part[0])
		part = part[1:]
	}
}

// negotiate goes on in a telnet sequence with c.
func (l *lines) negotiate(c byte) {
	switch l.telnet {
	case command:
		switch {
		case c == iac: // an escaped byte FF
			l.line = append(l.line, iac)
			l.telnet = plain
		case c >= will:
			l.telnet = option
		case c == sb:
			l.telnet = parameter
		case c >= se:
			l.telnet = plain
		default:
			l.line = append(l.line, iac, c)
			l.telnet = plain
		}
	case option:
		l.telnet = plain
	case parameter:
		if c == iac {
			l.telnet = closing
		}
	case closing:
		l.telnet = parameter
		if c == se {
			l.telnet = plain
		}
	}
}

// last returns what stood unterminated before the end of the input, and the end then.
func (l *lines) last(err error) ([]byte, error) {
	if errors.Is(err, io.EOF) && len(l.line) > 0 && l.ended == nil {
		l.ended = err
		return l.check(l.line)
	}
	l.ended = err
	return nil, err
}

func (l *lines) check(line []byte) ([]byte, error) {
	switch {
	case len(line) > l.max:
		return nil, hub.ErrTooLong
	case !utf8.Valid(line):
		return nil, hub.ErrNotUTF8
	}
	return line, nil
}

// fill reads more. The buffer grows while reads fill it, and is small again when they
// don't: a connection that says nothing holds little.
func (l *lines) fill() error {
	if l.ended != nil {
		return l.ended
	}
	switch {
	case l.crowded && len(l.buf) < largeBuffer:
		l.buf = make([]byte, 4*len(l.buf))
	case len(l.buf) == 0 || !l.crowded && len(l.buf) > smallBuffer:
		l.buf = make([]byte, smallBuffer)
	}
	n, err := l.src.Read(l.buf)
	l.unread = l.buf[:n]
	l.crowded = n == len(l.buf)
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}
