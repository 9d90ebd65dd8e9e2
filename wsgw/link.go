package wsgw

import (
	"net"
	"sync/atomic"
	"time"

	"partyline/hub"
	"partyline/hub/socket"
)

// silence is how long a client may send no whole frame; it is pinged more often.
const silence = 60 * time.Second

// link is the connection under the library. The hub writes whole frames to it, past the
// library; what the library writes itself comes between them.
type link struct {
	net.Conn
	tcp     *net.TCPConn
	writer  *socket.Writer
	pen     chan struct{} // held while writing
	closing atomic.Bool   // Close has begun
	closed  chan struct{} // nobody gets the pen any more
	upgrade bool          // the handshake is over: frames from now on

	// The reading goroutine's.
	reader   *socket.Reader
	in       []byte // of the reader, not passed on yet
	scanner  scanner
	bad      *violation
	farewell []byte // the close frame that the library wanted to send, which Close sends
}

func newLink(tcp *net.TCPConn, b *socket.Buffers, timeout time.Duration) (*link, error) {
	r, w, err := socket.Open(tcp, b, socket.EndOfFrame, timeout)
	if err != nil {
		return nil, err
	}
	return &link{
		Conn: tcp, tcp: tcp, reader: r, writer: w,
		pen: make(chan struct{}, 1), closed: make(chan struct{}),
	}, nil
}

// await waits for the beginning of a frame that is the library's to read, before the
// library asks for it: from here there is little on the stack. So that somebody who only
// listens stays here, it takes away the pongs, which tell no more than that the link lives.
func (l *link) await() error {
	for l.bad == nil && l.scanner.between() {
		if len(l.in) == 0 {
			in, err := l.reader.Read()
			if err != nil {
				return err
			}
			l.in = in
		}
		n := pongLen(l.in)
		if n == 0 {
			return nil
		}
		l.in = l.in[n:]
		l.listen()
	}
	return nil
}

// pongLen returns the length of a whole and proper pong at the beginning of b, or 0.
func pongLen(b []byte) int {
	if len(b) < 6 || b[0] != finPong || b[1] < 0x80 || b[1] > 0x80+125 {
		return 0
	}
	n := 6 + int(b[1]&0x7f)
	if len(b) < n {
		return 0
	}
	return n
}

// Read is the library's. It returns no more than the rest of a frame, so that the library
// holds nothing of the next one when await looks for it.
func (l *link) Read(b []byte) (int, error) {
	if l.bad != nil {
		return 0, l.bad
	}
	if len(l.in) == 0 {
		in, err := l.reader.Read()
		if err != nil {
			return 0, err
		}
		l.in = in
	}
	n, whole, bad := l.scanner.next(l.in[:min(len(b), len(l.in))])
	if whole {
		l.listen()
	}
	if l.bad = bad; bad != nil && n == 0 {
		return 0, bad
	}
	copy(b, l.in[:n])
	l.in = l.in[n:]
	return n, nil
}

// listen gives the client time until its next whole frame, or until its end once the
// connection is closing.
func (l *link) listen() {
	if !l.closing.Load() {
		l.tcp.SetReadDeadline(time.Now().Add(silence))
	}
	if l.closing.Load() { // meanwhile: this may have come behind Close's own deadline
		l.linger()
	}
}

func (l *link) linger() { l.tcp.SetReadDeadline(time.Now().Add(lingerTime)) }

// Write is the library's: the handshake's response, then a control frame a call. A close
// frame waits for Close, behind what the member is owed.
func (l *link) Write(b []byte) (int, error) {
	if !l.upgrade {
		return l.tcp.Write(b)
	}
	if b[0] == finClose {
		l.farewell = append([]byte(nil), b...)
		return len(b), nil
	}
	return l.writeFrames(b)
}

// SetWriteDeadline does nothing: the writer keeps its own time.
func (l *link) SetWriteDeadline(time.Time) error { return nil }

func (l *link) writeFrames(frames []byte) (int, error) {
	select {
	case l.pen <- struct{}{}:
		defer func() { <-l.pen }()
		return l.writer.Write(frames)
	case <-l.closed:
		return 0, net.ErrClosed
	}
}

func (l *link) tryWriteFrames(frames []byte) (int, error) {
	select {
	case l.pen <- struct{}{}:
		defer func() { <-l.pen }()
		return l.writer.TryWrite(frames)
	default: // the library writes just now
		return 0, hub.ErrWouldBlock
	}
}
