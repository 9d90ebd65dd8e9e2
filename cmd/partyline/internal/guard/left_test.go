package guard

import "testing"

// TestLeft checks what a guard does after the end of its parent.
func TestLeft(t *testing.T) {
	for written, want := range map[string]struct {
		crash   string
		changed bool
	}{
		"":                  {"", false},
		"\x01":              {"", true},
		"\x01\x00":          {"", false},
		"\x01\x00\x01":      {"", true},
		"\x01panic: x\nend": {"panic: x\nend", true},
	} {
		crash, changed := left([]byte(written))
		if string(crash) != want.crash || changed != want.changed {
			t.Errorf("left(%q) = %q, %v", written, crash, changed)
		}
	}
}
