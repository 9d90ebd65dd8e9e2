// Package harness starts the program, its clients and what is between them, for tests that
// use real programs.
package harness

import (
	"os"
	"testing"

	"partyline/cmd/partyline/internal/app"
)

// asProgram in the environment makes a test binary run as the program itself: the tests then
// start the program with the race detector in it, if they have it, and no second build.
const asProgram = "TEST_BINARY_IS_PARTYLINE"

// Version is what the program says of itself in tests.
const Version = "test"

// Main is the TestMain of a package of tests. It runs the tests, and then the cleanups.
func Main(m *testing.M, cleanups ...func()) {
	if os.Getenv(asProgram) != "" {
		go answerHealth(os.Stdin, os.Stdout)
		app.Main(Version)
		os.Exit(0)
	}
	code := m.Run()
	for _, cleanup := range cleanups {
		cleanup()
	}
	os.Exit(code)
}
