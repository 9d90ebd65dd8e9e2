//go:build linux

package load

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A talker is a member that sends messages. Its methods may be called from any goroutine.
type talker struct {
	run    *run
	loop   *loop
	member *member
	id     uint16
	sent   atomic.Uint32 // messages

	mu      sync.Mutex
	buf     []byte
	pending []byte // what the socket has not taken yet
	err     error  // why nothing more is written
}

// echoed sends a message for each of the talker's own n messages that came back, if the run
// is a closed loop.
func (t *talker) echoed(n int) {
	if t.run.plan.Rate == 0 {
		t.send(n, t.run.now())
	}
}

// send sends n messages, or fewer if the run may send no more. at is the time in their headers.
func (t *talker) send(n int, at int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = t.buf[:0]
	for range n {
		if !t.run.takeMessage() {
			break
		}
		t.buf = t.run.appendMessage(t.buf, t.member.codec, header{t.id, t.sent.Load(), at})
		t.sent.Add(1)
	}
	if len(t.pending) > 0 {
		t.pending = append(t.pending, t.member.seal(t.buf)...)
		return
	}
	t.writeLocked(t.member.seal(t.buf))
}

// sendStart sends the start message of the talker's room.
func (t *talker) sendStart() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writeLocked(t.member.seal(t.run.appendMessage(nil, t.member.codec, header{talker: starter})))
}

// flush writes the pending bytes.
func (t *talker) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.pending
	t.pending = nil
	t.loop.watch(t.member, false)
	t.writeLocked(b)
}

// writeLocked writes b without waiting. What the socket does not take becomes pending.
func (t *talker) writeLocked(b []byte) {
	for len(b) > 0 && t.err == nil {
		n, err := unix.Write(t.member.fd, b)
		switch err {
		case nil:
			b = b[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			t.pending = bytes.Clone(b)
			t.loop.watch(t.member, true)
			return
		default: // the loop's next read reports the end of the connection
			t.err = err
		}
	}
}

// appendMessage appends a message in the form in which a client with the codec sends it.
func (r *run) appendMessage(dst []byte, c codec, h header) []byte {
	text := r.magic.appendHeader(make([]byte, 0, maxSize), h)
	text = append(text, r.padding...)
	if c.format == JSON {
		line := append(make([]byte, 0, maxSize+64), `{"type":"say","text":"`...)
		text = append(append(line, text...), '"', '}')
	}
	if c.ws {
		return appendFrame(dst, finText, text)
	}
	return append(append(dst, text...), '\n')
}

// pace sends the messages of a run with a rate, each when it is due, from the talkers in
// turn.
//
// The time in a message is the time of sending. If that is later than the due time by more
// than a timer's imprecision, it is the due time: a delay in the load generator or in a full
// socket counts as latency.
func (r *run) pace(ctx context.Context) {
	const imprecision = int64(2 * time.Millisecond)
	timer := time.NewTimer(0)
	defer timer.Stop()
	start := r.now()
	for i := 0; !r.stopped.Load(); i++ {
		due := start + int64(float64(i)/r.plan.Rate*float64(time.Second))
		now := r.now()
		if now < due {
			timer.Reset(time.Duration(due - now))
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			now = r.now()
		}
		if now-due > imprecision {
			now = due
		}
		r.talkers[i%len(r.talkers)].send(1, now)
	}
}
