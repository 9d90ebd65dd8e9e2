package build

import (
	"runtime"
	"testing"
)

// TestDetails gives the package what the linker would, and nothing. A test has no version of its
// own, and no commit.
func TestDetails(t *testing.T) {
	defer func(v, c string) { version, commit = v, c }(version, commit)
	rest := ", " + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH
	for _, c := range []struct{ version, commit, wantVersion, wantDetails string }{
		{"", "", "dev", "commit unknown"},
		{"v1.2.0", "0123456789abcdef0123456789abcdef01234567", "v1.2.0", "commit 0123456789ab"},
		{"v1.2.0", "0123456789abcdef0123456789abcdef01234567-dirty", "v1.2.0", "commit 0123456789ab-dirty"},
		{"", "0123", "dev", "commit 0123"},
	} {
		version, commit = c.version, c.commit
		if got := Version(); got != c.wantVersion {
			t.Errorf("%+v: version %q", c, got)
		}
		if got := Details(); got != c.wantDetails+rest {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
