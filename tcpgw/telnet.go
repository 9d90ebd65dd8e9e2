package tcpgw

import "bytes"

// Telnet bytes: RFC 854; those below se: RFC 885 and RFC 1184.
const (
	firstCommand = 0xec // EOF; lower bytes are not commands
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

// Limits of a subnegotiation. One that exceeds them is unterminated: its IAC SE is missing. It ends
// before its first LF, and the rest is text.
const (
	maxParameters = 1 << 10 // bytes
	maxLineFeeds  = 2       // a window of 10 columns and 10 rows has two bytes 0x0A (RFC 1073)
)

// telnet parses the telnet commands in a stream, and answers them. It refuses every option,
// once for each direction, so that no answer can start a loop (RFC 1143).
type telnet struct {
	state telnetState
	verb  byte         // WILL, WONT, DO or DONT, if the state is option
	peer  *negotiation // nil until the peer sends an option or a subnegotiation
}

type telnetState uint8

const (
	plain        telnetState = iota
	command                  // IAC
	option                   // IAC WILL, WONT, DO or DONT
	parameter                // IAC SB …
	parameterIAC             // IAC SB … IAC
)

// A negotiation is the state for a peer that has sent options.
type negotiation struct {
	answers      []byte     // not written yet
	marks        int        // timing marks that are answered, but not taken yet
	refused      [2]options // options of DO, and of WILL
	parameters   []byte     // of the current subnegotiation, not unescaped
	unterminated bool       // a subnegotiation was unterminated: later ones end at their first LF
}

// options is a set of options.
type options [256 / 64]uint64

// add adds o and reports whether s did not contain it.
func (s *options) add(o byte) bool {
	word, bit := &s[o/64], uint64(1)<<(o%64)
	isNew := *word&bit == 0
	*word |= bit
	return isNew
}

// An effect is the effect of a byte of a telnet command on the line around it.
type effect uint8

const (
	none            effect = iota
	literalIAC             // the line contains a byte FF
	notCommand             // the line contains a byte FF, and the byte read is text
	interruptedByLF        // the byte read is LF, which ends the command and is text
	erasesChar             // the last character is erased
	erasesLine             // the line is erased
	unterminated           // see recoverText
)

// read reads the next byte of the stream: IAC, or any byte if the state is not plain.
func (t *telnet) read(c byte) effect {
	state := t.state
	t.state = plain
	switch state {
	case plain:
		t.state = command
	case command:
		return t.interpret(c)
	case option:
		t.answer(c)
	case parameter:
		t.state = parameter
		if c == iac {
			t.state = parameterIAC
		}
		return t.addParameter(c)
	case parameterIAC:
		switch {
		case c == se:
			t.peer.parameters = nil
		case c == iac || c < firstCommand:
			t.state = parameter
			return t.addParameter(c)
		case bytes.IndexByte(t.peer.parameters, '\n') >= 0: // IAC SE is missing
			t.peer.parameters = append(t.peer.parameters, c)
			return unterminated
		default:
			t.peer.parameters = nil
			return t.interpret(c)
		}
	}
	return none
}

// interpret interprets the byte after IAC.
func (t *telnet) interpret(c byte) effect {
	switch {
	case c == iac:
		return literalIAC
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
		return interruptedByLF
	case c < firstCommand:
		return notCommand
	}
	return none
}

// answer refuses an option. It answers each DO TIMING-MARK, since clients wait for that answer
// (RFC 860).
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

// addParameter adds a byte to the current subnegotiation.
func (t *telnet) addParameter(c byte) effect {
	n := t.peer
	n.parameters = append(n.parameters, c)
	switch {
	case c == '\n' && (n.unterminated || bytes.Count(n.parameters, []byte{c}) > maxLineFeeds):
		return unterminated
	case len(n.parameters) > maxParameters:
		return unterminated
	}
	return none
}

// recoverText ends an unterminated subnegotiation. It returns the part of it that is text: the
// bytes from its first LF on, or nothing if it has no LF.
func (t *telnet) recoverText() []byte {
	t.state = plain
	n := t.peer
	n.unterminated = true
	text := n.parameters
	n.parameters = nil
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[i:]
	}
	return nil
}

// inParameters reports whether the last byte was part of a subnegotiation.
func (t *telnet) inParameters() bool { return t.state == parameter || t.state == parameterIAC }

// takeAnswers removes and returns the answers that are not written yet.
func (t *telnet) takeAnswers() []byte {
	if t.peer == nil {
		return nil
	}
	b := t.peer.answers
	t.peer.answers = nil
	return b
}

// takeMark removes one answered timing mark. It reports whether there was one.
func (t *telnet) takeMark() bool {
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
