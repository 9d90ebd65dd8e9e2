package tcpgw

import (
	"bytes"
	"unicode/utf8"

	"partyline/hub"
)

// lines finds the lines in a byte stream. It takes telnet's commands out, and edits lines of
// text as a terminal does it. It holds at most two lines of max bytes, however long the lines
// are, and 1 KiB of telnet. How the stream comes in parts makes no difference, except that
// blank lines that were fed together come as one.
type lines struct {
	max    int    // bytes in a line, without its ending
	unread []byte // of what was fed
	draft  draft  // the line so far, unless it came in one part
	telnet telnet

	number uint32 // of lines that have ended
	bad    uint32 // of these, lines that were not UTF-8

	json     bool // lines are requests in JSON, which are not edited
	cr       bool // CR came last: what follows says what it means
	whole    bool // draft was returned
	skipping bool // the rest of a line that is too long
	ended    bool // nothing more is fed
}

// feed gives l the next bytes. They must stay as they are until next asks for more.
func (l *lines) feed(b []byte) { l.unread = b }

// end says that nothing more is fed: what is left of the last line is a line.
func (l *lines) end() {
	l.ended = true
	if l.telnet.holds() {
		l.unread = l.telnet.restored()
	}
	l.telnet.state = plain
}

// next returns the next line. In the place of one it may return hub.ErrTooLong, a
// *hub.Refusal, and hub.ErrControl, once for each of telnet's timing marks that was answered.
// Any other error is the end. If ok is false, more must be fed. The line is valid until the
// next call. Blank lines that were fed together come as one, which is empty.
func (l *lines) next() (line []byte, ok bool, err error) {
	line, ok, err = l.find()
	switch {
	case !ok && l.telnet.countMark():
		return nil, true, hub.ErrControl
	case ok && err == nil && !utf8.Valid(line):
		return nil, true, l.notUTF8(line)
	}
	return line, ok, err
}

// hasNext reports whether next is sure to return something without being fed more.
func (l *lines) hasNext() bool {
	i := bytes.IndexByte(l.unread, '\n')
	return i >= 0 && !l.skipping && l.telnet.state == plain && bytes.IndexByte(l.unread[:i], iac) < 0
}

// waitsForLF reports whether the last that came is a CR, in a stream without the end of a line.
func (l *lines) waitsForLF() bool { return l.cr && l.number == 0 && len(l.unread) == 0 }

// hasSome reports whether next may return something without being fed more, perhaps after end.
func (l *lines) hasSome() bool {
	return len(l.unread) > 0 || l.telnet.holds() || !l.whole && len(l.draft.b) > 0
}

// find is next without the check for UTF-8 and without the timing marks.
func (l *lines) find() (line []byte, ok bool, err error) {
	if l.whole {
		l.whole = false
		l.draft.reset()
	}
	if !l.skipping && !l.cr && l.telnet.state == plain && len(l.draft.b) == 0 && !l.draft.returned {
		if line, ok := l.findPlain(); ok {
			return l.bounded(line)
		}
	}
	for len(l.unread) > 0 {
		if l.read() {
			l.number++
			if l.skipping {
				l.skipping = false
				continue
			}
			l.whole = true
			return l.draft.shown(), true, nil
		}
		if l.draft.len() > l.max {
			l.whole, l.skipping = true, true
			return nil, true, hub.ErrTooLong
		}
	}
	if l.ended {
		return l.last()
	}
	return nil, false, nil
}

// last returns what is left of the last line when the stream has ended.
func (l *lines) last() (line []byte, ok bool, err error) {
	l.settle()
	if line = l.draft.shown(); len(line) == 0 {
		return nil, false, nil
	}
	l.number++
	l.whole = true
	return l.bounded(line)
}

func (l *lines) bounded(line []byte) ([]byte, bool, error) {
	if len(line) > l.max {
		return nil, true, hub.ErrTooLong
	}
	return line, true, nil
}
