package tcpgw

import (
	"unicode/utf8"

	"partyline/hub/clean"
)

// maxRetained bounds the memory that a draft keeps for the next line, in bytes.
const maxRetained = 512

// A draft is an incomplete line. It is edited as on a terminal: a character can be erased, and
// the text after a carriage return overwrites the text before it.
type draft struct {
	b []byte
	// start is the offset in b of the current text. The text before it is the line if the current
	// text has nothing visible.
	start   int
	afterCR bool // the current text follows a carriage return
}

// add appends b.
func (d *draft) add(b ...byte) { d.b = append(d.b, b...) }

// len returns the length of the current text in bytes.
func (d *draft) len() int { return len(d.b) - d.start }

// erase removes the last character of the current text, or the last byte if the text does not end
// in valid UTF-8. If the text is empty, erase does nothing.
func (d *draft) erase() {
	if d.len() > 0 {
		_, size := utf8.DecodeLastRune(d.b[d.start:])
		d.b = d.b[:len(d.b)-size]
	}
}

// clear empties d.
func (d *draft) clear() { d.b, d.start, d.afterCR = d.b[:0], 0, false }

// reset empties d and releases a large buffer.
func (d *draft) reset() {
	d.clear()
	if cap(d.b) > maxRetained {
		d.b = nil
	}
}

// carriageReturn starts a new current text. The old one remains the line as long as the new one
// has nothing visible.
func (d *draft) carriageReturn() {
	switch current := d.b[d.start:]; {
	case !d.afterCR:
		d.afterCR, d.start = true, len(d.b)
	case isVisible(current):
		d.start = copy(d.b, current)
		d.b = d.b[:d.start]
	default:
		d.b = d.b[:d.start]
	}
}

// visible returns the line as a terminal shows it. The bytes are valid until d changes.
func (d *draft) visible() []byte {
	if current := d.b[d.start:]; !d.afterCR || isVisible(current) {
		return current
	}
	return d.b[:d.start]
}

func isVisible(b []byte) bool { return len(b) > 0 && clean.Visible(string(b)) }
