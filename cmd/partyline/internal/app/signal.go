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
