package harness

import "testing"

// SkipIfShort skips a test that takes long if -short is set. `make test` sets it, `make check` does not.
func SkipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped with -short")
	}
}
