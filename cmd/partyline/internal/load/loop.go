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
	// pollTimeout is how long a loop waits for events before it checks whether the run is
	// over.
	pollTimeout = 100 * time.Millisecond
	// pongInterval is the time between two pongs, which keep an idle WebSocket open.
	pongInterval = 20 * time.Second
)

// A loop reads the sockets of some members in one goroutine.
type loop struct {
	run    *run
	poll   int // the epoll descriptor
	buf    []byte
	opened []byte // room for what a TLS record contains

	mu      sync.Mutex
	members []*member // only appended to

	delivered atomic.Int64
	latency   *hdrhistogram.Histogram // ns; of the measured interval only

	// State of the read that is being handled.
	now       int64
	measuring bool
	count     int64        // messages received
	talker    *talker      // the member's; nil if it only reads
	echoes    int          // messages received that the member sent
	received  func(*entry) // the method value of countDelivery, which is allocated once
}

func newLoop(r *run) (*loop, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &loop{run: r, poll: poll, buf: make([]byte, readBuffer), opened: make([]byte, 16<<10), latency: newHistogram()}
	l.received = l.countDelivery
	return l, nil
}

// newHistogram returns a histogram of ns, from 1 µs to 2 minutes, with three significant
// digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(2*time.Minute), 3)
}

// add adds a member, whose socket is open and does not block.
func (l *loop) add(m *member) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.index = int32(len(l.members))
	l.members = append(l.members, m)
	return unix.EpollCtl(l.poll, unix.EPOLL_CTL_ADD, m.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: m.index})
}

// watch sets whether the loop also waits for the member's socket to become writable. It then
// calls flush of the member's talker.
func (l *loop) watch(m *member, writable bool) {
	e := unix.EpollEvent{Events: unix.EPOLLIN, Fd: m.index}
	if writable {
		e.Events |= unix.EPOLLOUT
	}
	unix.EpollCtl(l.poll, unix.EPOLL_CTL_MOD, m.fd, &e)
}

// serve reads until the run is over.
func (l *loop) serve() {
	events := make([]unix.EpollEvent, 512)
	lastPong := time.Now()
	for !l.run.over.Load() {
		n, err := unix.EpollWait(l.poll, events, int(pollTimeout/time.Millisecond))
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
			if e.Events&^unix.EPOLLOUT != 0 && m.err == nil {
				l.read(m)
			}
		}
		if time.Since(lastPong) > pongInterval {
			lastPong = time.Now()
			for _, m := range members {
				m.pong()
			}
		}
	}
}

// read reads from a member's socket once.
func (l *loop) read(m *member) {
	n, err := unix.Read(m.fd, l.buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err == nil && n == 0:
		err = io.EOF
	case err == nil:
		err = l.handle(m, l.buf[:n])
	}
	if err != nil {
		m.err = err
		l.run.disconnected.Add(1)
		unix.EpollCtl(l.poll, unix.EPOLL_CTL_DEL, m.fd, nil)
	}
}

// handle handles the bytes of one read from a member's socket.
func (l *loop) handle(m *member, b []byte) (err error) {
	l.now, l.measuring = l.run.now(), l.run.measuring.Load()
	l.count, l.talker, l.echoes = 0, m.talker, 0
	if m.tls == nil {
		l.receive(m, b)
	} else {
		err = m.tls.open(b, l.opened, func(b []byte) { l.receive(m, b) })
	}
	if l.count > 0 {
		l.delivered.Add(l.count)
	}
	if l.echoes > 0 {
		l.talker.echoed(l.echoes)
	}
	return err
}

func (l *loop) countDelivery(e *entry) {
	l.count++
	if l.measuring && e.seq%l.run.sampling == 0 {
		l.latency.RecordValue(l.now - e.sent)
	}
	if l.talker != nil && l.talker.id == e.talker {
		l.echoes++
	}
}

// pong sends an unsolicited pong (RFC 6455 section 5.5.3) over a WebSocket.
func (m *member) pong() {
	if !m.codec.ws || m.err != nil {
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
