package app

import (
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/time/rate"
)

// exhaustedInterval is the minimum time between two warnings that there are no more descriptors.
const exhaustedInterval = time.Minute

// closeIdleIfFull returns l with listeners that close idle HTTP connections if there is no descriptor for a new
// connection. Only these can use up the descriptors: there is a limit for all members, every other
// connection ends soon, and many addresses may have idle HTTP connections for minutes.
func (s *server) closeIdleIfFull(l Listeners) Listeners {
	warn := &rate.Sometimes{Interval: exhaustedInterval}
	closeIdle := func() {
		closed := 0
		for _, conns := range s.httpConns {
			closed += conns.closeIdle()
		}
		warn.Do(func() {
			s.log.Warn("out of file descriptors, idle HTTP connections closed", "closed", closed,
				"hint", "raise the limit of open files, or lower --max-members or --max-per-address")
		})
	}
	wrap := func(ln net.Listener) net.Listener {
		if ln == nil {
			return nil
		}
		return &idleClosingListener{ln, closeIdle}
	}
	tcp := wrap(l.TCP)
	http := tcp
	if !l.shared() {
		http = wrap(l.HTTP)
	}
	return Listeners{TCP: tcp, HTTP: http, Redirect: wrap(l.Redirect), Admin: wrap(l.Admin)}
}

// An idleClosingListener calls closeIdle if there is no descriptor for a new connection.
type idleClosingListener struct {
	net.Listener
	closeIdle func()
}

// Accept implements [net.Listener]. The caller tries again after an error.
func (l *idleClosingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		l.closeIdle()
	}
	return c, err
}
