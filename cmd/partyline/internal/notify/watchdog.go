package notify

import (
	"context"
	"strconv"
	"time"
)

// watchdogInterval returns how often the service manager wants a sign of life from a process, or 0 for
// never. usec and wanted are its variables: the interval, and the process that it is for, if not any.
func watchdogInterval(usec, wanted string, pid int) time.Duration {
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 || wanted != "" && wanted != strconv.Itoa(pid) {
		return 0
	}
	return time.Duration(min(n, int64(maxWatchdog/time.Microsecond))) * time.Microsecond
}

// maxWatchdog bounds the interval, which no service manager needs to be longer.
const maxWatchdog = 24 * time.Hour

// Watch gives the service manager its sign of life while check returns nil, until ctx is done. Without
// it the service manager restarts the program. check must return soon after its context is done.
func (n *Notifier) Watch(ctx context.Context, check func(context.Context) error) {
	if n == nil || n.watchdog == 0 {
		return
	}
	// A check that takes a quarter and succeeds leaves another quarter.
	tick := time.NewTicker(max(n.watchdog/2, 1))
	defer tick.Stop()
	for failed := false; ; {
		err := within(ctx, n.watchdog/4, check)
		switch {
		case err == nil:
			n.send("WATCHDOG=1")
		case ctx.Err() == nil && !failed:
			n.log.Error("the server does not work; the service manager restarts it if this lasts", "err", err, "after", n.watchdog)
		}
		failed = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// within calls check with a context that is done after a timeout.
func within(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return check(ctx)
}
