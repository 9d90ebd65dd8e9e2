// Package listening tests the ways to the program: unix sockets, sockets of a service manager, and
// TLS.
package listening

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

func TestMain(m *testing.M) { harness.Main(m, browser.Close) }
