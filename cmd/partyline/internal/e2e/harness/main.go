// Package harness starts servers and clients for end-to-end tests.
package harness

import (
	"os"
	"slices"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/guard"
)

// asProgramEnv is an environment variable that makes a test binary run as the program itself. The tests
// need no second build, and with -race the program runs with the race detector too.
const asProgramEnv = "TEST_BINARY_IS_PARTYLINE"

// Version is the version of the program in tests.
const Version = "test"

// Main runs the tests and then the cleanups, and exits. The TestMain of each package calls it.
func Main(m *testing.M, cleanups ...func()) {
	if guard.Main() {
		return
	}
	if os.Getenv(asProgramEnv) != "" {
		if len(os.Args) < 2 || !slices.Contains([]string{"send", "talk", "history"}, os.Args[1]) { // which read their input
			go serveUsage(os.Stdin, os.Stdout)
		}
		stop := profile(os.Getenv(profileEnv))
		app.Main(Version)
		stop()
		os.Exit(0)
	}
	code := m.Run()
	stopNATS()
	for _, cleanup := range cleanups {
		cleanup()
	}
	os.Exit(code)
}
