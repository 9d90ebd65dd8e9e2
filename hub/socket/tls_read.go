package socket

import (
	"errors"
	"io"
	"os"

	"partyline/hub"
)

// tryReadTLS is Read without waiting, for a Conn with TLS that holds no buffer. If ok is false, there is
// nothing yet. Read then waits outside of the tls.Conn, which needs more stack.
func (c *Conn) tryReadTLS() (b []byte, ok bool, err error) {
	r, l := &c.reader, c.tls
	switch a := l.ahead; {
	case a != nil:
		r.small, r.large, r.n, r.err = a.small, a.large, a.n, a.err
		l.ahead = nil
		b, err = r.result()
		return b, true, err
	case l.drained:
		return nil, false, nil
	}
	b, err = c.openRecords(r)
	return b, err != errNoInput, err
}

// await reports whether l's stream has input, has ended or is broken.
func (l *tlsLayer) await(fd uintptr) bool {
	ready, err := readable(fd)
	if err != nil {
		l.readErr = err // the kernel returns it once
	}
	l.drained = !ready && err == nil
	return !l.drained
}

// openRecords reads from the tls.Conn into r, without waiting. It returns errNoInput if a record is
// missing or not complete. It sends what the tls.Conn answers, such as an alert, and waits for that.
func (c *Conn) openRecords(r *reader) ([]byte, error) {
	l := c.tls
	r.n, r.err = l.tls.Read(r.acquire())
	l.drained = rawIO && r.n == 0 && r.err == errNoInput
	if l.hasOwn() {
		if _, err := c.Write(nil); errors.Is(err, hub.ErrSlow) {
			r.release()
			return nil, err
		}
	}
	b, err := r.result()
	switch {
	case len(b) > 0:
		return b, nil
	case err == io.EOF && l.readErr == io.EOF:
		// The stream has ended without a close_notify (RFC 8446 section 6.1).
		err = io.ErrUnexpectedEOF
	case errors.Is(err, os.ErrDeadlineExceeded) && c.unresponsive.Load():
		err = hub.ErrSlow
	}
	r.release()
	return nil, err
}

// readAhead reads without waiting what the next Read returns, and reports whether there is anything. An
// error comes again from Read.
func (c *Conn) readAhead() (bool, error) {
	l := c.tls
	if l.ahead != nil {
		return true, nil
	}
	// The buffer of c.reader has the line that the gateway returned last.
	r := &reader{group: c.group, wantLarge: c.wantLarge}
	switch _, err := c.openRecords(r); err {
	case nil:
		l.ahead = r
		return true, nil
	case errNoInput:
		return false, nil
	default:
		return false, err
	}
}
