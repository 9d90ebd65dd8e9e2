package tcpgw

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"time"

	"partyline/hub/socket"
)

const (
	// openingWait is how long the welcome waits for the first line, so that a client of another
	// protocol gets an answer instead of the welcome. It is too short for people to notice.
	openingWait = 50 * time.Millisecond
	// helloWait is how long the welcome waits for the first byte if the client may begin TLS. A TLS
	// client can't read a welcome that comes before its ClientHello, and some need time for that,
	// or a packet is lost and sent again.
	helloWait = 500 * time.Millisecond
	// requestWait is how long the welcome waits inside of TLS if the client may begin HTTP. The request
	// comes a round trip after the handshake.
	requestWait = helloWait
	// handshakeTimeout bounds a TLS handshake.
	handshakeTimeout = 10 * time.Second
)

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

// waits are how long an opening waits.
type waits struct {
	first   time.Duration // for the first byte, if the client may begin TLS or HTTP
	request time.Duration // inside of TLS, if the client may begin HTTP
	line    time.Duration // for the first line
	http    bool          // the client may begin HTTP
}

// waits returns the waits of the gateway's openings.
func (g *Gateway) waits() waits {
	return waits{
		cmp.Or(g.helloWait, helloWait), cmp.Or(g.requestWait, requestWait), cmp.Or(g.openingWait, openingWait), g.HTTP != nil,
	}
}

// readOpening reads input until the opening has decided, or until the wait has passed. If the client
// begins TLS, readOpening does the handshake, and starts again. It returns a *foreignError if the
// stream belongs to another protocol, and a *handshakeError if the handshake fails. early is input
// that was read already. All input is kept for ReadLine.
func (c *conn) readOpening(early []byte, w waits) error {
	if c.tls == nil && !w.http {
		w.first = w.line
	}
	received, err := c.awaitOpening(early, w)
	if c.tls != nil && isClientHello(err, received) {
		if err := c.StartTLS(c.tls, received, handshakeTimeout); err != nil {
			return &handshakeError{err}
		}
		c.tls = nil
		c.opening = &opening{limit: c.opening.limit, web: c.opening.web}
		if w.http && c.TLSProtocol() != "" {
			return newForeignError(protocolHTTP, nil, c.opening.web)
		}
		if w.first = w.line; w.http {
			w.first = w.request
		}
		received, err = c.awaitOpening(nil, w)
	}
	c.tls = nil
	c.lines.feed(received)
	return err
}

// isClientHello reports whether a stream begins with a ClientHello, and not with a blank line before
// it. err is that of the opening.
func isClientHello(err error, received []byte) bool {
	f, ok := errors.AsType[*foreignError](err)
	return ok && f.protocol == protocolTLS && received[0] == socket.HandshakeByte
}

// A handshakeError is the error of a TLS handshake.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.err.Error() }

func (e *handshakeError) Unwrap() error { return e.err }

// awaitOpening reads input until the opening has decided, or until the wait has passed. It returns
// all input, and a *foreignError if the stream belongs to another protocol.
func (c *conn) awaitOpening(early []byte, w waits) (received []byte, err error) {
	deadline := time.Now().Add(w.first)
	for more := early; ; {
		if len(more) > 0 {
			if len(received) == 0 && more[0] != socket.HandshakeByte && !w.http {
				deadline = time.Now().Add(w.line)
			}
			received = append(received, more...)
			if err := c.checkOpening(more); err != nil {
				return received, err
			}
		}
		if c.opening == nil || len(received) > c.opening.limit {
			return received, nil
		}
		more, err = c.ReadWithin(max(time.Until(deadline), 1))
		late := errors.Is(err, os.ErrDeadlineExceeded)
		switch {
		case (late || isEnd(err)) && w.http && longRequest.Match(c.opening.line): // HTTP has its own time for the rest
			return received, newForeignError(protocolHTTP, nil, c.opening.web)
		case late:
			return received, nil
		case isEnd(err): // readMore gets the same error
			return received, c.checkOpeningEnd()
		case err != nil:
			return received, err
		}
	}
}

// isHTTP reports whether the error of an opening says that the client speaks HTTP.
func isHTTP(err error) bool {
	f, ok := errors.AsType[*foreignError](err)
	return ok && f.protocol == protocolHTTP
}
