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
	scanner  scanner
	bad      *violation
	farewell []byte // the close frame that the library wanted to send, which Close sends
}

func newLink(tcp *net.TCPConn, timeout time.Duration) (*link, error) {
	tcp.SetWriteBuffer(socket.SendBuffer)
	tcp.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3,
	})
	w, err := socket.NewWriter(tcp, socket.EndOfFrame, timeout)
	if err != nil {
		return nil, err
	}
	return &link{Conn: tcp, tcp: tcp, writer: w, pen: make(chan struct{}, 1), closed: make(chan struct{})}, nil
}

// Read is the library's.
func (l *link) Read(b []byte) (int, error) {
	if l.bad != nil {
		return 0, l.bad
	}
	n, err := l.tcp.Read(b)
	n, whole, bad := l.scanner.scan(b[:n])
	if whole {
		l.listen()
	}
	if l.bad = bad; bad != nil && n == 0 {
		return 0, bad
	}
	return n, err
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
