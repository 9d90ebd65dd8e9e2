// Package page tests the web page in a browser.
package page

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

func TestMain(m *testing.M) { harness.Main(m, browser.Close) }
