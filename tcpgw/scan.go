package tcpgw

import (
	"bytes"

	"partyline/hub/socket"
)

// findPlain returns the next line if all of it is unread and nothing in it is to be edited.
func (l *lines) findPlain() (line []byte, ok bool) {
	if n := socket.BlankLines(l.unread); n > 0 {
		l.number += uint32(bytes.Count(l.unread[:n], []byte{'\n'}))
		l.unread = l.unread[n:]
		return nil, true
	}
	i := bytes.IndexByte(l.unread, '\n')
	if i < 0 {
		return nil, false
	}
	line = bytes.TrimSuffix(l.unread[:i], []byte{'\r'})
	if bytes.IndexByte(line, iac) >= 0 || !l.json && hasEdits(line) {
		return nil, false
	}
	l.number++
	l.unread = l.unread[i+1:]
	return line, true
}

func hasEdits(b []byte) bool {
	return bytes.IndexByte(b, '\r') >= 0 || bytes.IndexByte(b, '\b') >= 0 || bytes.IndexByte(b, del) >= 0
}

const del = 0x7f

// special has the bytes that are more than a part of a line.
var special = [256]bool{'\n': true, '\r': true, '\b': true, del: true, iac: true}

// ordinary returns how many bytes b begins with that are not special.
func ordinary(b []byte) int {
	n := 0
	for n < len(b) && !special[b[n]] {
		n++
	}
	return n
}

// read reads the next of what is unread, at least a byte. It reports whether a line ends there.
func (l *lines) read() (ended bool) {
	b := l.unread
	c := b[0]
	l.unread = b[1:]
	switch {
	case l.telnet.state != plain || c == iac:
		l.apply(l.telnet.read(c), b)
	case c == '\n', c == 0 && l.cr && !l.json:
		l.cr = false
		return true
	case c == '\r':
		l.settle()
		l.cr = true
	case (c == '\b' || c == del) && !l.json:
		l.settle()
		l.draft.erase()
	default:
		n := 1 + ordinary(b[1:])
		l.put(b[:n])
		l.unread = b[n:]
	}
	return false
}

// apply does to the line what the first byte of b does, which telnet has read.
func (l *lines) apply(e effect, b []byte) {
	switch e {
	case literal:
		l.put([]byte{iac})
	case noCommand:
		l.put([]byte{iac})
		l.unread = b
	case cutByLF:
		l.unread = b
	case erasesChar:
		if !l.json {
			l.settle()
			l.draft.erase()
		}
	case erasesLine:
		if !l.json {
			l.settle()
			l.draft.clear()
		}
	case cutOff:
		switch text := l.telnet.restored(); len(text) {
		case 0:
			l.put([]byte{iac}) // so that the line is refused: some of it is lost
		case 1:
			l.unread = b
		default: // once in a connection
			l.unread = append(text, l.unread...)
		}
	}
}

// put adds b to the line.
func (l *lines) put(b []byte) {
	l.settle()
	if !l.skipping {
		l.draft.add(b...)
	}
}

// settle gives a CR that ended no line its meaning.
func (l *lines) settle() {
	switch {
	case !l.cr:
		return
	case l.skipping:
	case l.json:
		l.draft.add('\r')
	default:
		l.draft.carriageReturn()
	}
	l.cr = false
}
