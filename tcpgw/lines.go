package tcpgw

import (
	"bytes"
	"unicode/utf8"

	"partyline/hub"
	"partyline/hub/socket"
)

// keptLine is the memory for a line in parts that is not given up behind it.
const keptLine = 512

// lines finds the lines in a byte stream, without telnet's negotiation (RFC 854). It
// holds at most one line of max bytes, however long the lines are.
type lines struct {
	max int // bytes in a line, without CR and LF

	unread   []byte // of what was fed
	line     []byte // the line so far, where it came in parts
	whole    bool   // line was returned
	telnet   telnet
	skipping bool // the rest of a line that is too long
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

// feed gives l the next bytes. They must stay as they are until next asks for more.
func (l *lines) feed(b []byte) { l.unread = b }

// next returns the next line, or hub.ErrTooLong and hub.ErrNotUTF8 in the place of one;
// ok is false if more must be fed for that. The line is valid until the next call. Blank
// lines that were fed together come as one, which is empty.
func (l *lines) next() (line []byte, ok bool, err error) {
	if l.whole {
		l.whole = false
		l.line = l.line[:0]
		if cap(l.line) > keptLine {
			l.line = nil
		}
	}
	if !l.skipping && len(l.line) == 0 && l.telnet == plain {
		if n := socket.BlankLines(l.unread); n > 0 {
			l.unread = l.unread[n:]
			return nil, true, nil
		}
	}
	for len(l.unread) > 0 {
		part, rest, ended := bytes.Cut(l.unread, []byte{'\n'})
		l.unread = rest
		switch {
		case l.skipping:
			l.skipping = !ended
			l.telnet = plain
			continue
		case ended && len(l.line) == 0 && l.telnet == plain && bytes.IndexByte(part, iac) < 0:
			line, err = l.check(bytes.TrimSuffix(part, []byte{'\r'}))
			return line, true, err
		}
		l.add(part)
		if ended {
			l.telnet, l.whole = plain, true
			line, err = l.check(bytes.TrimSuffix(l.line, []byte{'\r'}))
			return line, true, err
		}
		if len(l.line) > l.max+1 { // a CR may be the last
			l.whole, l.skipping = true, true
			return nil, true, hub.ErrTooLong
		}
	}
	return nil, false, nil
}

// hasNext reports whether next returns a line without being fed more.
func (l *lines) hasNext() bool { return !l.skipping && bytes.IndexByte(l.unread, '\n') >= 0 }

// hasSome reports whether next or last may return a line without being fed more.
func (l *lines) hasSome() bool {
	return len(l.unread) > 0 || !l.whole && len(l.line) > 0
}

// last returns what stands unterminated before the end of the input, if anything does.
func (l *lines) last() (line []byte, ok bool, err error) {
	if l.whole || len(l.line) == 0 {
		return nil, false, nil
	}
	l.whole = true
	line, err = l.check(l.line)
	return line, true, err
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

func (l *lines) check(line []byte) ([]byte, error) {
	switch {
	case len(line) > l.max:
		return nil, hub.ErrTooLong
	case !utf8.Valid(line):
		return nil, hub.ErrNotUTF8
	}
	return line, nil
}
