package talk

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden screens and the recording of README.md")

// varying matches what differs between two runs: times of day, names of guests, and latencies.
var varying = regexp.MustCompile(`\b\d\d:\d\d\b|\bguest-[0-9a-z]{4}\b|\b\d+ ms\b`)

// mask replaces what differs between two runs. It keeps the width, except that of a latency.
func mask(screen string) string {
	return varying.ReplaceAllStringFunc(screen, func(s string) string {
		switch {
		case strings.HasPrefix(s, "guest-"):
			return "guest-xxxx"
		case strings.HasSuffix(s, " ms"):
			return "0 ms"
		}
		return "12:34"
	})
}

// compareGolden compares a screen with a file of testdata, or with -update writes the file.
func compareGolden(t *testing.T, name, screen string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	got := mask(screen) + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v: run the test with -update", err)
	}
	if got != string(want) {
		t.Errorf("the screen differs from %s; after a look, run the test with -update\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}
