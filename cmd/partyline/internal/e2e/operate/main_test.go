// Package operate tests flags, signals, health checks and limits of the program.
package operate

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

func TestMain(m *testing.M) { harness.Main(m, browser.Close) }
