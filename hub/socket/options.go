package socket

import (
	"errors"
	"log/slog"
	"net"
	"runtime"
	"syscall"
)

// SetLog sets the log in which g warns, once for each option, if the system refuses a socket
// option. The connections work without the option. Without keep-alive, for example, a dead
// peer stays connected until something is sent to it.
func (g *Group) SetLog(log *slog.Logger) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = log
}

// reportOption logs the error of setting or reading an option. It does nothing if err is nil
// or says only that the connection has ended.
func (g *Group) reportOption(option string, err error) {
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
	g.log.Warn("socket option refused", "option", option, "err", err,
		"hint", "dead or slow peers may stay connected")
}

// isGone reports whether the error of a socket option says only that the connection has
// ended.
func isGone(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ENOTCONN) ||
		runtime.GOOS == "darwin" && errors.Is(err, syscall.EINVAL) // darwin's setsockopt(2) after a reset
}
