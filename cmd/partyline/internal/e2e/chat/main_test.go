// Package chat tests what members say and receive, over both transports.
package chat

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

func TestMain(m *testing.M) { harness.Main(m, browser.Close) }
