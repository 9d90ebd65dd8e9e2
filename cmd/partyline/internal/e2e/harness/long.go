package harness

import "testing"

// Long skips a test that takes long, or a part of one, if -short is given: make test gives it,
// make check does not.
func Long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
}
