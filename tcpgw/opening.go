package tcpgw

import "bytes"

// An opening reads the start of a stream, up to the end of the first line that is not blank, and
// decides whether the stream belongs to another protocol. It reads the bytes before lines edits
// them, since \b and CR do not edit in other protocols.
type opening struct {
	limit    int    // the length of line in bytes above which it decides
	web      string // as in Gateway
	prefix   []byte // the first bytes of the stream, up to 4
	line     []byte // the first line that is not blank, without telnet commands and LF
	complete bool   // line has ended
	telnet   telnet // its answers are dropped: lines.telnet writes them
}

// read reads the next bytes of the stream. It returns an error if the stream belongs to another
// protocol. If decided is false, it needs more bytes.
func (o *opening) read(b []byte) (f *foreignError, decided bool) {
	if missing := 4 - len(o.prefix); missing > 0 {
		o.prefix = append(o.prefix, b[:min(missing, len(b))]...)
		if isUTF16(o.prefix) {
			return o.decide(protocolUTF16)
		}
	}
	rest := o.readLine(b)
	if o.complete || len(o.line) > 0 {
		if p, decided := detect(o.line, o.complete, rest, o.limit); decided {
			return o.decide(p)
		}
	}
	return nil, false
}

// end decides at the end of the stream.
func (o *opening) end() *foreignError {
	if o.telnet.inParameters() {
		o.readLine(o.telnet.recoverText())
	}
	if len(o.line) == 0 {
		return nil
	}
	p, _ := detect(o.line, true, nil, o.limit)
	f, _ := o.decide(p)
	return f
}

func (o *opening) decide(p *protocol) (*foreignError, bool) {
	if p == nil {
		return nil, true
	}
	return newForeignError(p, o.line, o.web), true
}

// readLine adds b to the line, up to the end of the line, and returns the rest of b.
func (o *opening) readLine(b []byte) (rest []byte) {
	for len(b) > 0 && !o.complete && len(o.line) <= o.limit {
		c := b[0]
		b = b[1:]
		if o.telnet.state == plain && c != iac {
			o.put(c)
			continue
		}
		switch o.telnet.read(c) {
		case literalIAC:
			o.put(iac)
		case notCommand:
			o.put(iac)
			o.put(c)
		case interruptedByLF:
			o.put(c)
		case unterminated:
			b = append(o.telnet.recoverText(), b...)
		}
	}
	return b
}

// put adds a byte to the line. It drops blank lines.
func (o *opening) put(c byte) {
	switch {
	case c != '\n' && (c != 0 || !bytes.HasSuffix(o.line, []byte{'\r'})):
		o.line = append(o.line, c)
	case len(bytes.Trim(o.line, " \t\r")) == 0:
		o.line = o.line[:0]
	default:
		o.complete = true
	}
}
