// Command partyline is a room for everybody: netcat and browsers on one line.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
)

// version is set by the linker in a release.
var version = "dev"

func main() {
	// What many idle members cost counts for more here than the collector's work: messages
	// allocate little.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	ctx, stop := signalContext(context.Background())
	defer stop()
	cmd := newCommand()
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "partyline: %v\n", err)
		os.Exit(1)
	}
}
