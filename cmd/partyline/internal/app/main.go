// Package app is the partyline program: its flags, its listeners, and the order in which they
// start and end.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"partyline/cmd/partyline/internal/guard"
)

// Main runs the program with the arguments and the environment of the process. If it fails, Main
// exits with status 1, or with that of an exitError. A process that guards a terminal only does that.
func Main(version string) {
	if guard.Main() {
		return
	}
	// Less memory for many idle members matters more than the time of the garbage collector,
	// since a message allocates little.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	ctx, stop := signalContext(context.Background())
	defer stop()
	if err := newCommand(version).ExecuteContext(ctx); err != nil {
		exit := &exitError{1, err}
		errors.As(err, &exit)
		if exit.err != nil {
			fmt.Fprintf(os.Stderr, "partyline: %v\n", exit.err)
		}
		os.Exit(exit.status)
	}
}
