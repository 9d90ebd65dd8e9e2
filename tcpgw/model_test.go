package tcpgw

import (
	"bytes"
	"errors"
	"slices"
	"unicode/utf8"

	"partyline/hub"
	"partyline/hub/clean"
)

var errNotUTF8 = errors.New("not UTF-8")

type outcome struct {
	line string
	err  error
}

// model splits a whole stream into lines as the protocol describes it: it parses telnet, and then
// edits each line. It is slow and simple.
type model struct {
	limit int
	json  bool

	tokens       []int // of the current line: bytes, eraseCharToken and eraseLineToken
	unterminated bool  // a subnegotiation was unterminated
	refused      map[[2]byte]bool
	outcomes     []outcome // without blank lines
	answers      []byte
	marks        int
}

const (
	eraseCharToken = 256 + iota
	eraseLineToken
)

func (m *model) run(stream []byte) {
	m.refused = make(map[[2]byte]bool)
	for b := stream; len(b) > 0; {
		b = b[m.element(b):]
	}
	if len(m.tokens) > 0 {
		m.endLine()
	}
}

// element reads a byte of text or a command, and returns its length.
func (m *model) element(b []byte) int {
	switch {
	case b[0] != 255:
		m.token(int(b[0]))
		return 1
	case len(b) == 1: // incomplete
		return 1
	case b[1] == '\n': // interrupted
		return 1
	case b[1] < 236: // not a command
		m.token(255)
		return 1
	case b[1] == 255:
		m.token(255)
	case b[1] >= 251:
		if len(b) < 3 {
			return len(b)
		}
		m.answer(b[1], b[2])
		return 3
	case b[1] == 250:
		return 2 + m.parameters(b[2:])
	case b[1] == 247:
		m.token(eraseCharToken)
	case b[1] == 248:
		m.token(eraseLineToken)
	}
	return 2
}

func (m *model) answer(verb, option byte) {
	reply := map[byte]byte{251: 254, 253: 252}[verb]
	key := [2]byte{verb, option}
	switch {
	case key == [2]byte{253, 6}:
		m.marks++
	case reply == 0 || m.refused[key]:
		return
	}
	m.refused[key] = true
	m.answers = append(m.answers, 255, reply, option)
}

// parameters returns the number of bytes of b that belong to a subnegotiation, including its end.
func (m *model) parameters(b []byte) int {
	feeds := 2
	if m.unterminated {
		feeds = 0
	}
	for i := 0; i < len(b); i++ {
		switch {
		case i > 0 && b[i-1] == 255 && b[i] == 240 && !m.escaped(b[:i]):
			return i + 1
		case i > 0 && b[i-1] == 255 && b[i] >= 236 && b[i] != 255 && !m.escaped(b[:i]):
			if bytes.IndexByte(b[:i], 10) >= 0 {
				return m.unterminate(b[:i], false)
			}
			return i - 1 // another command
		}
		if i+1 > 1024 || bytes.Count(b[:i+1], []byte{10}) > feeds {
			return m.unterminate(b[:i+1], false)
		}
	}
	return m.unterminate(b, true)
}

// escaped reports whether the last byte of b, which is 255, is the second of a pair.
func (m *model) escaped(b []byte) bool {
	n := 0
	for n < len(b) && b[len(b)-1-n] == 255 {
		n++
	}
	return n%2 == 0
}

func (m *model) unterminate(b []byte, atEnd bool) int {
	m.unterminated = true
	if i := bytes.IndexByte(b, 10); i >= 0 {
		return i
	}
	if !atEnd {
		m.token(255)
	}
	return len(b)
}

func (m *model) token(t int) {
	if m.json && t > 255 {
		return
	}
	afterCR := len(m.tokens) > 0 && m.tokens[len(m.tokens)-1] == 13
	switch {
	case t == 10, t == 0 && afterCR && !m.json:
		if afterCR {
			m.tokens = m.tokens[:len(m.tokens)-1]
		}
		m.endLine()
	default:
		m.tokens = append(m.tokens, t)
	}
}

func (m *model) endLine() {
	tokens := m.tokens
	m.tokens = nil
	line, long := m.edit(tokens)
	switch {
	case long:
		m.outcomes = append(m.outcomes, outcome{err: hub.ErrTooLong})
	case !utf8.ValidString(line):
		m.outcomes = append(m.outcomes, outcome{err: errNotUTF8})
	case !isBlank([]byte(line)):
		m.outcomes = append(m.outcomes, outcome{line: line})
	}
}

// edit returns the line that a terminal shows, and reports whether it was ever too long.
func (m *model) edit(tokens []int) (line string, long bool) {
	var texts []string // between carriage returns
	current := []byte{}
	for _, t := range tokens {
		switch {
		case t == eraseLineToken:
			texts, current = nil, nil
		case t == 13 && !m.json:
			texts = append(texts, string(current))
			current = nil
		case (t == 8 || t == 127) && !m.json, t == eraseCharToken:
			runes := splitRunes(current)
			current = bytes.Join(runes[:max(len(runes)-1, 0)], nil)
		default:
			current = append(current, byte(t))
		}
		long = long || len(current) > m.limit
	}
	texts = append(texts, string(current))
	for _, s := range slices.Backward(texts[1:]) {
		if clean.Visible(s) {
			return s, long
		}
	}
	return texts[0], long
}

// splitRunes splits b into characters and invalid bytes.
func splitRunes(b []byte) (all [][]byte) {
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		all = append(all, b[:n])
		b = b[n:]
	}
	return all
}

func isBlank(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }
