// Package abuse tests that clients that misbehave harm no other client.
package abuse

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
