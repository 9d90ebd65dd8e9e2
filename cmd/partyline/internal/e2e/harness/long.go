package harness

import "testing"

// Long skips a long test if -short is set. `make test` sets it, `make check` does not.
func Long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped with -short")
	}
}
