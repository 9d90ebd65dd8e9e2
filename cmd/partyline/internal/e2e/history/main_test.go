// Package history tests how the program stores history, also on failing disks.
package history

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
