//go:build linux

package load

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

const (
	readBuffer = 256 << 10
	// look is how often a loop looks up though nothing comes.
	look = 100 * time.Millisecond
	// pongEvery keeps WebSockets on which nobody talks.
	pongEvery = 20 * time.Second
)

// A loop reads the sockets of some of the members, all in one goroutine.
type loop struct {
	run  *run
	poll int // epoll's descriptor
	buf  []byte

	mu      sync.Mutex
	members []*member // only appended to

	delivered atomic.Int64
	latency   *hdrhistogram.Histogram // ns; what is measured alone

	// For the read that is handled just now.
	now       int64
	measuring bool
	count     int64
	listener  *talker // where the member is one
	echoes    int     // of its own messages
	heard     func(*mark)
}

func newLoop(r *run) (*loop, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &loop{run: r, poll: poll, buf: make([]byte, readBuffer), latency: newHistogram()}
	l.heard = l.hear
	return l, nil
}

// newHistogram returns a histogram of ns from 1 µs to 2 minutes, exact to a thousandth.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(2*time.Minute), 3)
}

// add gives the loop a member, whose socket is open and does not block.
func (l *loop) add(m *member) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.index = int32(len(l.members))
	l.members = append(l.members, m)
	return unix.EpollCtl(l.poll, unix.EPOLL_CTL_ADD, m.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: m.index})
}

// await makes the loop call flush for the member's talker when its socket takes more.
func (l *loop) await(m *member, writable bool) {
	e := unix.EpollEvent{Events: unix.EPOLLIN, Fd: m.index}
	if writable {
		e.Events |= unix.EPOLLOUT
	}
	unix.EpollCtl(l.poll, unix.EPOLL_CTL_MOD, m.fd, &e)
}

// serve reads until the run is over.
func (l *loop) serve() {
	events := make([]unix.EpollEvent, 512)
	ponged := time.Now()
	for !l.run.over.Load() {
		n, err := unix.EpollWait(l.poll, events, int(look/time.Millisecond))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		l.mu.Lock()
		members := l.members
		l.mu.Unlock()
		for _, e := range events[:max(n, 0)] {
			m := members[e.Fd]
			if e.Events&unix.EPOLLOUT != 0 && m.talker != nil {
				m.talker.flush()
			}
			if e.Events&^unix.EPOLLOUT != 0 && m.why == nil {
				l.read(m)
			}
		}
		if time.Since(ponged) > pongEvery {
			ponged = time.Now()
			for _, m := range members {
				m.pong()
			}
		}
	}
}

// read reads once what a socket holds.
func (l *loop) read(m *member) {
	n, err := unix.Read(m.fd, l.buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err == nil && n == 0:
		err = io.EOF
		fallthrough
	case err != nil:
		m.why = err
		l.run.gone.Add(1)
		unix.EpollCtl(l.poll, unix.EPOLL_CTL_DEL, m.fd, nil)
		return
	}
	l.now, l.measuring = l.run.now(), l.run.measuring.Load()
	l.count, l.listener, l.echoes = 0, m.talker, 0
	l.take(m, l.buf[:n])
	if l.count > 0 {
		l.delivered.Add(l.count)
	}
	if l.echoes > 0 {
		l.listener.answer(l.echoes)
	}
}

// hear counts a delivery.
func (l *loop) hear(m *mark) {
	l.count++
	if l.measuring && m.seq%l.run.sampling == 0 {
		l.latency.RecordValue(l.now - m.sent)
	}
	if l.listener != nil && l.listener.id == m.talker {
		l.echoes++
	}
}

// pong sends a WebSocket's sign of life, which needs no question.
func (m *member) pong() {
	if !m.wire.ws || m.why != nil {
		return
	}
	if m.talker != nil {
		m.talker.mu.Lock()
		defer m.talker.mu.Unlock()
		if len(m.talker.pending) > 0 {
			return
		}
	}
	unix.Write(m.fd, appendFrame(nil, finPong, nil))
}
