// Package chat tests the messages that members send and receive over both transports.
package chat

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
