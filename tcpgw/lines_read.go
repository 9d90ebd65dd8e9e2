package tcpgw

import (
	"bytes"

	"partyline/hub/socket"
)

// findPlain returns the next line if it is a part of unread and needs no editing. This is the fast
// path, which copies nothing.
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

// special contains the bytes that may end or edit a line, or start a telnet command.
var special = [256]bool{'\n': true, '\r': true, '\b': true, del: true, iac: true}

// ordinary returns the number of bytes before the first special one in b.
func ordinary(b []byte) int {
	n := 0
	for n < len(b) && !special[b[n]] {
		n++
	}
	return n
}

// read reads one or more unread bytes. It reports whether a line ends after them.
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
		l.resolveCR()
		l.cr = true
	case (c == '\b' || c == del) && !l.json:
		l.resolveCR()
		l.draft.erase()
	default:
		n := 1 + ordinary(b[1:])
		l.put(b[:n])
		l.unread = b[n:]
	}
	return false
}

// apply applies the effect of the first byte of b, which telnet has read, to the line.
func (l *lines) apply(e effect, b []byte) {
	switch e {
	case literalIAC:
		l.put([]byte{iac})
	case notCommand:
		l.put([]byte{iac})
		l.unread = b
	case interruptedByLF:
		l.unread = b
	case erasesChar:
		if !l.json {
			l.resolveCR()
			l.draft.erase()
		}
	case erasesLine:
		if !l.json {
			l.resolveCR()
			l.draft.clear()
		}
	case unterminated:
		switch text := l.telnet.recoverText(); len(text) {
		case 0:
			l.put([]byte{iac}) // makes the line invalid UTF-8, since a part of it is lost
		case 1:
			l.unread = b
		default: // happens once in a connection
			l.unread = append(text, l.unread...)
		}
	}
}

// put adds b to the line.
func (l *lines) put(b []byte) {
	l.resolveCR()
	if !l.skipping {
		l.draft.add(b...)
	}
}

// resolveCR handles a CR that did not end a line.
func (l *lines) resolveCR() {
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
