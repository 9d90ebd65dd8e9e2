//go:build unix

package proxies

import "testing"

// TestReplace replaces addresses by others that have them as a part.
func TestReplace(t *testing.T) {
	parts := map[string]string{"to :4000": "to :80801", "to :8080": "to :40001"}
	if got, err := replace("to :8080, to :4000", parts); got != "to :40001, to :80801" || err != nil {
		t.Errorf("it is %q, %v", got, err)
	}
	for _, text := range []string{"to :8080", "to :8080, to :4000, to :4000"} {
		if got, err := replace(text, parts); err == nil {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
