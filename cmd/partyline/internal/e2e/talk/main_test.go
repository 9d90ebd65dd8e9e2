//go:build unix

// Package talk tests the terminal client: on a terminal, with tmux, and in pipes.
package talk

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
