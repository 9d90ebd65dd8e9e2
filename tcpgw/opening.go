package tcpgw

import "bytes"

// An opening is the beginning of a stream, which decides whether the stream is for this
// server: the first line that is not blank. It reads the bytes before they are edited as
// lines, since a client of another protocol does not mean to edit.
type opening struct {
	most   int    // bytes in a line
	web    string // the address of the web page; "" if there is none
	head   []byte // the first bytes of the stream
	line   []byte // the first line that is not blank, without telnet's commands and its LF
	ended  bool   // all of line has come
	telnet telnet // whose answers are not written: lines has another one for that
}

// read reads the next bytes of the stream. It returns an error if the stream is of another
// protocol. decided is false as long as more may tell.
func (o *opening) read(b []byte) (f *foreign, decided bool) {
	if missing := 4 - len(o.head); missing > 0 {
		o.head = append(o.head, b[:min(missing, len(b))]...)
		if isUTF16(o.head) {
			return o.decide(utf16Text)
		}
	}
	rest := o.take(b)
	if o.ended || len(o.line) > 0 {
		if p, decided := judge(o.line, o.ended, rest, o.most); decided {
			return o.decide(p)
		}
	}
	return nil, false
}

// end is read for the end of the stream.
func (o *opening) end() *foreign {
	if o.telnet.holds() {
		o.take(o.telnet.restored())
	}
	if len(o.line) == 0 {
		return nil
	}
	p, _ := judge(o.line, true, nil, o.most)
	f, _ := o.decide(p)
	return f
}

func (o *opening) decide(p *protocol) (*foreign, bool) {
	if p == nil {
		return nil, true
	}
	return newForeign(p, o.line, o.web), true
}

// take adds b to the line, up to its end, and returns what comes after that.
func (o *opening) take(b []byte) (rest []byte) {
	for len(b) > 0 && !o.ended && len(o.line) <= o.most {
		c := b[0]
		b = b[1:]
		if o.telnet.state == plain && c != iac {
			o.put(c)
			continue
		}
		switch o.telnet.read(c) {
		case literal:
			o.put(iac)
		case noCommand:
			o.put(iac)
			o.put(c)
		case cutByLF:
			o.put(c)
		case cutOff:
			b = append(o.telnet.restored(), b...)
		}
	}
	return b
}

// put adds a byte to the line. Blank lines are left out.
func (o *opening) put(c byte) {
	switch {
	case c != '\n' && (c != 0 || !bytes.HasSuffix(o.line, []byte{'\r'})):
		o.line = append(o.line, c)
	case len(bytes.Trim(o.line, " \t\r")) == 0:
		o.line = o.line[:0]
	default:
		o.ended = true
	}
}
