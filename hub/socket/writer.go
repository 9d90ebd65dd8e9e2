// Package socket is what every gateway over TCP stands on. It writes whole frames to a
// kernel socket as the hub wants it: at once from its sweep, or waiting for as long as the
// peer takes something. And it reads so that a connection that is quiet costs little.
package socket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"partyline/hub"
)

// A Writer writes frames to a connection. Its methods meet the Write and TryWrite of
// [hub.Conn]; of these, one may run at a time. Stop may be called at any time.
type Writer struct {
	conn    *net.TCPConn
	raw     syscall.RawConn
	end     End
	timeout time.Duration
	rest    []byte // of a frame that was begun
	stopped atomic.Bool

	// TryWrite's, so that it allocates nothing.
	attempt func(fd uintptr) bool
	frames  []byte
	n       int
	err     error
}

// End returns where the frame ends that holds the byte before n. The frames begin at 0.
type End func(frames []byte, n int) int

func newWriter(conn *net.TCPConn, raw syscall.RawConn, end End, timeout time.Duration) *Writer {
	w := &Writer{conn: conn, raw: raw, end: end, timeout: timeout}
	w.attempt = w.try
	return w
}

// TryWrite is hub.TryWriter's.
func (w *Writer) TryWrite(frames []byte) (int, error) {
	if len(w.rest) > 0 {
		return 0, hub.ErrWouldBlock
	}
	w.frames, w.n, w.err = frames, 0, nil
	err := w.raw.Write(w.attempt)
	w.frames = nil
	switch {
	case err != nil:
		return 0, err
	case w.err != nil:
		return 0, os.NewSyscallError("write", w.err)
	case w.n < len(frames):
		return w.keep(frames, w.n), hub.ErrWouldBlock
	}
	return w.n, nil
}

// Write is hub.Conn's.
func (w *Writer) Write(frames []byte) (int, error) {
	n, err := w.write(w.rest)
	w.rest = w.rest[n:]
	if err != nil {
		return 0, err
	}
	w.rest = nil
	n, err = w.write(frames)
	return w.keep(frames, n), err
}

// keep remembers what is left of a frame of which n bytes in all were written, and
// returns how much of frames counts as written.
func (w *Writer) keep(frames []byte, n int) int {
	if n == 0 || n == len(frames) {
		return n
	}
	end := w.end(frames, n)
	w.rest = bytes.Clone(frames[n:end])
	return end
}

// write writes all of b as long as the peer takes something.
func (w *Writer) write(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	// The kernel takes a few bytes now and then though the peer reads none. So what
	// counts is what the peer acknowledged: what was written less what is still queued.
	look := max(min(w.timeout/8, time.Second), time.Millisecond)
	begun := time.Now()
	acknowledged := -unacknowledged(w.raw)
	for {
		w.conn.SetWriteDeadline(time.Now().Add(look))
		if w.stopped.Load() {
			return n, os.ErrClosed
		}
		var m int
		m, err = w.conn.Write(b[n:])
		n += m
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if now := n - unacknowledged(w.raw); now > acknowledged {
			acknowledged, begun = now, time.Now()
		} else if time.Since(begun) >= w.timeout {
			return n, hub.ErrSlow
		}
	}
	if err == nil {
		err = w.conn.SetWriteDeadline(time.Time{})
	}
	return n, err
}

// Stop makes a Write that waits, and all later ones, return os.ErrClosed.
func (w *Writer) Stop() {
	w.stopped.Store(true)
	w.conn.SetWriteDeadline(time.Now())
}

// EndOfLine is the End of lines.
func EndOfLine(frames []byte, n int) int {
	if i := bytes.IndexByte(frames[n-1:], '\n'); i >= 0 {
		return n + i
	}
	return len(frames)
}

// EndOfFrame is the End of WebSocket frames as a server sends them, without a mask (RFC
// 6455 section 5.2).
func EndOfFrame(frames []byte, n int) int {
	end := 0
	for end < n {
		end += frameLen(frames[end:])
	}
	return min(end, len(frames))
}

func frameLen(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch n := int(b[1] & 0x7f); {
	case n == 126 && len(b) >= 4:
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	case n == 127 && len(b) >= 10:
		return 10 + int(binary.BigEndian.Uint64(b[2:]))
	default:
		return 2 + n
	}
}
