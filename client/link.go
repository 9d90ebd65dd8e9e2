package client

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Bounds of a link.
const (
	maxLine   = 8 << 20          // bytes of a line of the server; it sends at most 60 KiB
	deadAfter = 60 * time.Second // of silence; the server sends something every 25 s
	bufSize   = 64 << 10
)

// A link is one connection to the server. One goroutine may read and one may write. close may be
// called by any goroutine and unblocks both.
type link interface {
	// read returns the next line, without its ending. It is valid until the next read.
	read() ([]byte, error)
	// write sends JSON objects, each of which ends in LF.
	write(lines [][]byte) error
	// arrivals counts reads of the connection that had a result. Any goroutine may call it.
	arrivals() uint64
	close()
}

// A guardedConn fails a Read for which nothing arrives for too long. While batching, it collects what is
// written until flush.
type guardedConn struct {
	net.Conn
	silence  time.Duration // after which a Read fails
	batching bool          // set before there are two goroutines
	reads    atomic.Uint64 // that returned something

	mu    sync.Mutex // the WebSocket library may write when it reads something wrong
	batch []byte
}

func (c *guardedConn) Read(b []byte) (int, error) {
	if err := c.Conn.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.reads.Add(1)
	}
	return n, err
}

func (c *guardedConn) Write(b []byte) (int, error) {
	if !c.batching {
		return c.Conn.Write(b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batch = append(c.batch, b...)
	return len(b), nil
}

// flush writes what was collected. Only one goroutine may call it.
func (c *guardedConn) flush() error {
	c.mu.Lock()
	batch := c.batch
	c.batch = nil
	c.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	_, err := c.Conn.Write(batch)
	return err
}

// A lineLink is a link over a byte stream.
type lineLink struct {
	conn *guardedConn
	in   *bufio.Reader
	long []byte
}

func newLineLink(c *guardedConn) *lineLink {
	c.batching = true
	return &lineLink{conn: c, in: bufio.NewReaderSize(c, bufSize)}
}

func (l *lineLink) read() ([]byte, error) {
	l.long = l.long[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		if err == nil {
			if len(l.long) == 0 {
				return part[:len(part)-1], nil
			}
			l.long = append(l.long, part[:len(part)-1]...)
			return l.long, nil
		}
		if err != bufio.ErrBufferFull {
			return append(l.long, part...), err
		}
		if l.long = append(l.long, part...); len(l.long) > maxLine {
			return nil, fmt.Errorf("a line of the server is longer than %d MiB", maxLine>>20)
		}
	}
}

func (l *lineLink) write(lines [][]byte) error {
	for _, line := range lines {
		l.conn.Write(line)
	}
	return l.conn.flush()
}

func (l *lineLink) arrivals() uint64 { return l.conn.reads.Load() }

func (l *lineLink) close() { l.conn.Close() }

// A frameLink is a link over a WebSocket.
type frameLink struct {
	conn *guardedConn
	ws   *websocket.Conn
	buf  bytes.Buffer
	pong chan string // a ping that the writer has to answer
}

// newFrameLink returns a link. It calls pinged, from the goroutine that reads, when write has a ping to
// answer, which it does even without lines. The library would answer it from the goroutine that
// reads, which would then not read while the server reads nothing.
func newFrameLink(conn *guardedConn, ws *websocket.Conn, pinged func()) *frameLink {
	l := &frameLink{conn: conn, ws: ws, pong: make(chan string, 1)}
	conn.batching = true
	ws.SetReadLimit(maxLine)
	ws.SetCloseHandler(func(int, string) error { return nil })
	ws.SetPingHandler(func(data string) error {
		select {
		case l.pong <- data:
			pinged()
		default: // the answer to the newest ping is enough (RFC 6455 section 5.5.3)
		}
		return nil
	})
	return l
}

func (l *frameLink) read() ([]byte, error) {
	_, r, err := l.ws.NextReader()
	if err != nil {
		return nil, err
	}
	l.buf.Reset()
	_, err = l.buf.ReadFrom(r)
	return l.buf.Bytes(), err
}

func (l *frameLink) write(lines [][]byte) error {
	select {
	case data := <-l.pong:
		if err := l.ws.WriteControl(websocket.PongMessage, []byte(data), time.Time{}); err != nil {
			return err
		}
	default:
	}
	for _, line := range lines {
		if err := l.ws.WriteMessage(websocket.TextMessage, bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
	return l.conn.flush()
}

func (l *frameLink) arrivals() uint64 { return l.conn.reads.Load() }

func (l *frameLink) close() { l.conn.Close() }
