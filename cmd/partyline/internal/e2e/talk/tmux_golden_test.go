//go:build unix

package talk

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden screens and the recording of README.md")

// What differs between two runs.
var (
	varying   = regexp.MustCompile(`\b\d\d:\d\d\b|\bguest-[0-9a-z]{4}\b`) // times of day, and names
	separator = regexp.MustCompile(`── \w+day, \d+ \w+(?: \d{4})? ─+`)    // the line above the messages of a day
	latency   = regexp.MustCompile(`(?m)^( #.*?)  \d+ ms\b`)              // in the status line, which is not there if it does not fit
	blanks    = regexp.MustCompile(`(?m)[ \t]+$`)
)

// mask replaces what differs between two runs, without a change of the width.
func mask(screen string) string {
	screen = latency.ReplaceAllStringFunc(screen, func(s string) string {
		part := latency.FindStringSubmatch(s)
		return part[1] + strings.Repeat(" ", len(s)-len(part[1]))
	})
	return maskTimes(trim(screen))
}

// maskTimes replaces times, and the names of guests.
func maskTimes(screen string) string {
	screen = separator.ReplaceAllStringFunc(screen, func(s string) string {
		const day = "── Monday, 1 January "
		return day + strings.Repeat("─", max(utf8.RuneCountInString(s)-utf8.RuneCountInString(day), 0))
	})
	return varying.ReplaceAllStringFunc(screen, func(s string) string {
		if strings.HasPrefix(s, "guest-") {
			return "guest-xxxx"
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
	if want := golden(t, filepath.Base(name)); got != want {
		t.Errorf("the screen differs from %s; after a look, run the test with -update\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}

// golden returns a golden screen.
func golden(t *testing.T, name string) string {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatalf("%v: run the test with -update", err)
	}
	return string(want)
}
