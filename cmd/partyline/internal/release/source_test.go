package main

import (
	"testing"
	"time"
)

// TestVersions gives the linker and Debian the versions of commits with a tag, after one, and before all.
func TestVersions(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for version, want := range map[string]string{
		"v1.2.0": "1.2.0", "v1.2.0-5-g0123456789ab": "1.2.0+git5.0123456", "0123456789ab": "0~git20300102.030405.0123456",
	} {
		s := source{version: version, commit: commit, time: at}
		if got := s.debianVersion(); got != want {
			t.Errorf("%s is %s for Debian, not %s", version, got, want)
		}
		const build = "partyline/cmd/partyline/internal/build"
		if got, want := s.linkerFlags(), "-s -w -X "+build+".version="+version+" -X "+build+".commit="+commit; got != want {
			t.Errorf("the linker gets %s, not %s", got, want)
		}
	}
}
