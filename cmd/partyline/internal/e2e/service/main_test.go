//go:build unix

// Package service tests the program as a service: under systemd, in a container, and across restarts.
package service

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
