package tcpgw

import (
	"unicode/utf8"

	"partyline/hub/clean"
)

// keptLine is how much memory for a line is kept after it, in bytes.
const keptLine = 512

// A draft is a line as far as it has come. A line of text is edited as a terminal does it: a
// character can be erased, and a carriage return goes back to the start of the line.
type draft struct {
	b []byte
	// kept is where the current text begins in b, after a carriage return. What is before it
	// is the line if nothing visible follows.
	kept     int
	returned bool // there was a carriage return
}

// add appends b.
func (d *draft) add(b ...byte) { d.b = append(d.b, b...) }

// len returns the length of the current text in bytes.
func (d *draft) len() int { return len(d.b) - d.kept }

// erase removes the last character of the current text, or its last byte if that belongs to
// none. At the start it does nothing.
func (d *draft) erase() {
	if d.len() > 0 {
		_, size := utf8.DecodeLastRune(d.b[d.kept:])
		d.b = d.b[:len(d.b)-size]
	}
}

// clear removes everything.
func (d *draft) clear() { d.b, d.kept, d.returned = d.b[:0], 0, false }

// reset is clear, and gives up large memory.
func (d *draft) reset() {
	d.clear()
	if cap(d.b) > keptLine {
		d.b = nil
	}
}

// carriageReturn begins the line again. What there is by now is the line if nothing visible
// follows.
func (d *draft) carriageReturn() {
	switch current := d.b[d.kept:]; {
	case !d.returned:
		d.returned, d.kept = true, len(d.b)
	case isVisible(current):
		d.kept = copy(d.b, current)
		d.b = d.b[:d.kept]
	default:
		d.b = d.b[:d.kept]
	}
}

// shown returns the line as a terminal shows it. It is valid until d changes.
func (d *draft) shown() []byte {
	if current := d.b[d.kept:]; !d.returned || isVisible(current) {
		return current
	}
	return d.b[:d.kept]
}

func isVisible(b []byte) bool { return len(b) > 0 && clean.Visible(string(b)) }
