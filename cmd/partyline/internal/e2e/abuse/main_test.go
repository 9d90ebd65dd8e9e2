// Package abuse tests that misbehaving clients do not harm other clients.
package abuse

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
