package socket

import (
	"errors"
	"log/slog"
	"net"
	"runtime"
	"syscall"
)

// SetLog has g warn in log if the system refuses a socket option, once for each option. The
// connections do without it: without keep-alive, for example, a dead peer stays until
// something is sent to it.
func (g *Group) SetLog(log *slog.Logger) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = log
}

// report logs that setting or reading an option has failed, if it was not the peer's end that
// made it fail.
func (g *Group) report(option string, err error) {
	if err == nil || isGone(err) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.log == nil || g.reported[option] {
		return
	}
	if g.reported == nil {
		g.reported = make(map[string]bool)
	}
	g.reported[option] = true
	g.log.Warn("the system refuses a socket option: dead or slow peers may go unnoticed", "option", option, "err", err)
}

// isGone reports whether err, of a socket option, says only that the connection has ended.
func isGone(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ENOTCONN) ||
		runtime.GOOS == "darwin" && errors.Is(err, syscall.EINVAL) // setsockopt(2) there, after a reset
}
