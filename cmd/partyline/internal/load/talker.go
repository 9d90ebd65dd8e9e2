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

// A talker is a member that says something. Its methods may be called from any goroutine.
type talker struct {
	run    *run
	loop   *loop
	member *member
	id     uint16
	sent   atomic.Uint32

	mu      sync.Mutex
	buf     []byte
	pending []byte // what the socket did not take yet
	failed  error
}

// answer says the next message for each of its own that came back, where talk is a closed
// loop.
func (t *talker) answer(n int) {
	if t.run.plan.Rate == 0 {
		t.say(n, t.run.now())
	}
}

// say says up to n messages, as many as are still to be said, and notes the time in them.
func (t *talker) say(n int, at int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = t.buf[:0]
	for range n {
		if !t.run.oneMore() {
			break
		}
		t.buf = t.run.appendMessage(t.buf, t.member.wire, header{t.id, t.sent.Load(), at})
		t.sent.Add(1)
	}
	if len(t.pending) > 0 {
		t.pending = append(t.pending, t.buf...)
		return
	}
	t.write(t.buf)
}

// start says the message with which the talker's room begins.
func (t *talker) start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.write(t.run.appendMessage(nil, t.member.wire, header{talker: starter}))
}

// flush writes what the socket did not take.
func (t *talker) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.pending
	t.pending = nil
	t.loop.await(t.member, false)
	t.write(b)
}

// write writes b at once, or keeps the rest for flush. t.mu is held.
func (t *talker) write(b []byte) {
	for len(b) > 0 && t.failed == nil {
		n, err := unix.Write(t.member.fd, b)
		switch err {
		case nil:
			b = b[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			t.pending = bytes.Clone(b)
			t.loop.await(t.member, true)
			return
		default: // the loop finds out why the member is gone
			t.failed = err
		}
	}
}

// appendMessage appends a message as a client says it on a wire.
func (r *run) appendMessage(dst []byte, w wire, h header) []byte {
	text := r.magic.appendHeader(make([]byte, 0, maxSize), h)
	text = append(text, r.padding...)
	if w.format == JSON {
		line := append(make([]byte, 0, maxSize+64), `{"type":"say","text":"`...)
		text = append(append(line, text...), '"', '}')
	}
	if w.ws {
		return appendFrame(dst, finText, text)
	}
	return append(append(dst, text...), '\n')
}

// pace says the messages of a paced run, each when it is due, by the talkers in turn.
//
// A message bears the time when it was said, or when it was due where that is more than
// a timer's imprecision before: what a late generator or a full socket delays is latency.
func (r *run) pace(ctx context.Context) {
	const late = int64(2 * time.Millisecond)
	timer := time.NewTimer(0)
	defer timer.Stop()
	from := r.now()
	for i := 0; !r.quiet.Load(); i++ {
		due := from + int64(float64(i)/r.plan.Rate*float64(time.Second))
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
		if now-due > late {
			now = due
		}
		r.talkers[i%len(r.talkers)].say(1, now)
	}
}
