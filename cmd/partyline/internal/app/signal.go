package app

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// oneSignal is the time in which the same signal counts once: timeout(1) sends its signal twice.
const oneSignal = 200 * time.Millisecond

// signalContext returns a context that is canceled at the first SIGINT, SIGTERM or SIGHUP. A
// second SIGINT or SIGTERM exits the process with status 1. A second SIGHUP does nothing, since
// a terminal that closes sends several. If SIGHUP was ignored when the program started, as by
// nohup, it stays ignored. The returned function cancels the context and stops the handling of
// signals.
func signalContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	signals, hangups := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangups, syscall.SIGHUP)
	}
	go func() {
		var first os.Signal
		select {
		case <-hangups:
			cancel()
			first = <-signals
		case first = <-signals:
			cancel()
		case <-ctx.Done():
			return
		}
		at := time.Now()
		for second := <-signals; second == first && time.Since(at) < oneSignal; {
			second = <-signals
		}
		fmt.Fprintln(os.Stderr, "partyline: ended at once by a second signal")
		os.Exit(1)
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(hangups)
		cancel()
	}
}

// terminalTime is how long after SIGHUP the process may still have a terminal that is closing.
const terminalTime = 50 * time.Millisecond

// reloadOnHangup makes SIGHUP a request, which it sends to reload, instead of the end of the
// program. The returned context is canceled when parent is, and when the process loses its
// terminal, unless SIGHUP was ignored when the program started. stop ends this.
func reloadOnHangup(parent context.Context) (ctx context.Context, reload <-chan os.Signal, stop func()) {
	onTerminal := !signal.Ignored(syscall.SIGHUP) && hasTerminal()
	hangups, requests := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Ignore(syscall.SIGHUP) // ends the notification of signalContext
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(parent)
	go func() {
		for {
			select {
			case s := <-hangups:
				if onTerminal && lostTerminal() {
					cancel()
					return
				}
				select {
				case requests <- s:
				default: // the last request has not been received yet
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, requests, func() { signal.Stop(hangups); cancel() }
}

// hasTerminal reports whether the process has a controlling terminal.
func hasTerminal() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	tty.Close()
	return true
}

// lostTerminal reports whether the process, which had a controlling terminal, has none any more,
// at once or after terminalTime.
func lostTerminal() bool {
	if !hasTerminal() {
		return true
	}
	time.Sleep(terminalTime)
	return !hasTerminal()
}
