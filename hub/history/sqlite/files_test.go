package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Only their owner can read the files, even if they were readable for others before.
func TestMode(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	createOld(t, path, 2)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	j := start(t, dir, retain(10))
	say(t, j, "r", "x")
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if len(list) < 3 || !strings.HasPrefix(list[0].Name(), "partyline") {
		t.Errorf("the files are %v", list)
	}
}
