package tcpgw

import (
	"bytes"
	"unicode/utf8"

	"partyline/hub"
)

// lines splits a stream of bytes into lines. It removes telnet commands, and edits lines of text
// as a terminal does. It holds at most two lines of max bytes, and 1 KiB of telnet parameters. The
// result does not depend on how the stream is divided into calls of feed, except that blank lines
// that are fed together become one.
type lines struct {
	max    int    // bytes in a line, without its ending
	unread []byte // the rest of the bytes that were fed
	draft  draft  // the current line, if it is not a part of unread
	telnet telnet

	number  uint32 // of the last line that has ended, counted from 1
	invalid uint32 // lines that were not UTF-8

	json     bool // lines are requests in JSON, which are not edited
	cr       bool // the last byte was a CR, whose meaning depends on the next byte
	consumed bool // next has returned draft
	skipping bool // drop the rest of a line that is too long
	ended    bool // end was called
}

// feed passes the next bytes of the stream. They must not change until next returns ok == false.
func (l *lines) feed(b []byte) { l.unread = b }

// end marks the end of the stream. An incomplete last line counts as a line.
func (l *lines) end() {
	l.ended = true
	if l.telnet.inParameters() {
		l.unread = l.telnet.recoverText()
	}
	l.telnet.state = plain
}

// next returns the next line, which is valid until the next call. If ok is false, it needs more
// bytes. Instead of a line, next may return one of these errors: hub.ErrTooLong or a
// *wire.Refusal for a line, hub.ErrControl for each telnet timing mark that is answered. Blank
// lines that are fed together become one empty line.
func (l *lines) next() (line []byte, ok bool, err error) {
	line, ok, err = l.find()
	switch {
	case !ok && l.telnet.takeMark():
		return nil, true, hub.ErrControl
	case ok && err == nil && !utf8.Valid(line):
		return nil, true, l.notUTF8(line)
	}
	return line, ok, err
}

// hasNext reports whether next certainly returns a line or an error without more bytes.
func (l *lines) hasNext() bool {
	i := bytes.IndexByte(l.unread, '\n')
	return i >= 0 && !l.skipping && l.telnet.state == plain && bytes.IndexByte(l.unread[:i], iac) < 0
}

// endsInCR reports whether the last byte is a CR, and no line of the stream has ended.
func (l *lines) endsInCR() bool { return l.cr && l.number == 0 && len(l.unread) == 0 }

// hasInput reports whether there are bytes that next has not returned yet.
func (l *lines) hasInput() bool {
	return len(l.unread) > 0 || l.telnet.inParameters() || !l.consumed && len(l.draft.b) > 0
}

// find is like next, but does not check for UTF-8 and does not return hub.ErrControl.
func (l *lines) find() (line []byte, ok bool, err error) {
	if l.consumed {
		l.consumed = false
		l.draft.reset()
	}
	if !l.skipping && !l.cr && l.telnet.state == plain && len(l.draft.b) == 0 && !l.draft.afterCR {
		if line, ok := l.findPlain(); ok {
			return l.checkLength(line)
		}
	}
	for len(l.unread) > 0 {
		if l.read() {
			l.number++
			if l.skipping {
				l.skipping = false
				continue
			}
			l.consumed = true
			return l.draft.visible(), true, nil
		}
		if l.draft.len() > l.max {
			l.consumed, l.skipping = true, true
			return nil, true, hub.ErrTooLong
		}
	}
	if l.ended {
		return l.last()
	}
	return nil, false, nil
}

// last returns the last line if the stream has ended without its LF.
func (l *lines) last() (line []byte, ok bool, err error) {
	l.resolveCR()
	if line = l.draft.visible(); len(line) == 0 {
		return nil, false, nil
	}
	l.number++
	l.consumed = true
	return l.checkLength(line)
}

func (l *lines) checkLength(line []byte) ([]byte, bool, error) {
	if len(line) > l.max {
		return nil, true, hub.ErrTooLong
	}
	return line, true, nil
}
