//go:build unix

// Package proxy tests the program behind nginx, HAProxy and Caddy.
package proxy

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

func TestMain(m *testing.M) { harness.Main(m, browser.Close) }
