// Package clients tests the server with common client programs and libraries.
package clients

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
