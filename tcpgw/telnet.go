package tcpgw

import "bytes"

// Bytes of telnet: RFC 854, and for those below se RFC 885 and RFC 1184.
const (
	firstCommand = 0xec // EOF; what is less is no command
	se           = 0xf0
	eraseChar    = 0xf7
	eraseLine    = 0xf8
	sb           = 0xfa
	will         = 0xfb
	wont         = 0xfc
	do           = 0xfd
	dont         = 0xfe
	iac          = 0xff

	timingMark = 6 // an option, RFC 860
)

// Bounds of a subnegotiation. One that exceeds them has lost its end, IAC SE: it ends at its
// first LF, and what follows is text.
const (
	maxParameters = 1 << 10 // bytes
	maxLineFeeds  = 2       // a window of 10 columns and 10 rows has two bytes 0x0A (RFC 1073)
)

// telnet reads the commands of telnet in a stream, and answers them. It refuses every option,
// once for each direction, so that no answer can begin a loop (RFC 1143).
type telnet struct {
	state telnetState
	verb  byte         // WILL, WONT, DO or DONT, in the state option
	peer  *negotiation // nil as long as the peer has asked for nothing
}

type telnetState uint8

const (
	plain     telnetState = iota
	command               // IAC
	option                // IAC WILL, WONT, DO or DONT
	parameter             // IAC SB …
	closing               // IAC SB … IAC
)

// A negotiation is what telnet remembers of a peer that has sent options.
type negotiation struct {
	answers    []byte // that are not written yet
	marks      int    // timing marks that were answered and not counted yet
	refused    [2]options
	parameters []byte // of the subnegotiation that is not closed yet, as they came
	lost       bool   // a subnegotiation has lost its end: others end at an LF
}

// options is a set of options.
type options [256 / 64]uint64

// add puts o into the set and reports whether it is new there.
func (s *options) add(o byte) bool {
	word, bit := &s[o/64], uint64(1)<<(o%64)
	isNew := *word&bit == 0
	*word |= bit
	return isNew
}

// An effect is what a byte of telnet does to the line around it.
type effect uint8

const (
	none       effect = iota
	literal           // the line has a byte FF
	noCommand         // the line has a byte FF, and the byte read is to be read as text
	cutByLF           // the byte read is LF, and to be read as text
	erasesChar        // the character before it is erased
	erasesLine        // the line so far is erased
	cutOff            // see restored
)

// read takes the next byte of a stream: IAC, or any byte if the state is not plain.
func (t *telnet) read(c byte) effect {
	state := t.state
	t.state = plain
	switch state {
	case plain:
		t.state = command
	case command:
		return t.obey(c)
	case option:
		t.answer(c)
	case parameter:
		t.state = parameter
		if c == iac {
			t.state = closing
		}
		return t.keep(c)
	case closing:
		switch {
		case c == se:
			t.peer.parameters = nil
		case c == iac || c < firstCommand:
			t.state = parameter
			return t.keep(c)
		case bytes.IndexByte(t.peer.parameters, '\n') >= 0: // it was not closed
			t.peer.parameters = append(t.peer.parameters, c)
			return cutOff
		default:
			t.peer.parameters = nil
			return t.obey(c)
		}
	}
	return none
}

// obey takes the byte after IAC.
func (t *telnet) obey(c byte) effect {
	switch {
	case c == iac:
		return literal
	case c >= will:
		t.state, t.verb = option, c
	case c == sb:
		t.state = parameter
		t.negotiation()
	case c == eraseChar:
		return erasesChar
	case c == eraseLine:
		return erasesLine
	case c == '\n':
		return cutByLF
	case c < firstCommand:
		return noCommand
	}
	return none
}

// answer refuses an option that the peer asks for. RFC 860 has a client wait for the answer to
// DO TIMING-MARK each time, so that one is always answered.
func (t *telnet) answer(o byte) {
	n := t.negotiation()
	switch {
	case t.verb == do && o == timingMark:
		n.answers = append(n.answers, iac, wont, o)
		n.marks++
	case t.verb == do && n.refused[0].add(o):
		n.answers = append(n.answers, iac, wont, o)
	case t.verb == will && n.refused[1].add(o):
		n.answers = append(n.answers, iac, dont, o)
	}
}

// keep keeps a byte of a subnegotiation, in case it has no end.
func (t *telnet) keep(c byte) effect {
	n := t.peer
	n.parameters = append(n.parameters, c)
	switch {
	case c == '\n' && (n.lost || bytes.Count(n.parameters, []byte{c}) > maxLineFeeds):
		return cutOff
	case len(n.parameters) > maxParameters:
		return cutOff
	}
	return none
}

// restored ends a subnegotiation that has lost its end. It returns what is to be read as text
// now: what came from its first LF on. If it has none, it returns nothing.
func (t *telnet) restored() []byte {
	t.state = plain
	n := t.peer
	n.lost = true
	text := n.parameters
	n.parameters = nil
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[i:]
	}
	return nil
}

// holds reports whether there is a subnegotiation that is not closed yet.
func (t *telnet) holds() bool { return t.state == parameter || t.state == closing }

// takeAnswers returns the answers to write, and forgets them.
func (t *telnet) takeAnswers() []byte {
	if t.peer == nil {
		return nil
	}
	b := t.peer.answers
	t.peer.answers = nil
	return b
}

// countMark reports whether a timing mark was answered that was not counted yet, and counts it.
func (t *telnet) countMark() bool {
	if t.peer == nil || t.peer.marks == 0 {
		return false
	}
	t.peer.marks--
	return true
}

func (t *telnet) negotiation() *negotiation {
	if t.peer == nil {
		t.peer = new(negotiation)
	}
	return t.peer
}
