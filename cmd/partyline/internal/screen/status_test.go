package screen

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// TestFitStatus checks which parts of a status line stay when it is narrow.
func TestFitStatus(t *testing.T) {
	parts := []statusPart{
		{forms: []string{"#lobby"}},
		{forms: []string{"connected", ""}},
		{forms: []string{"2:#ops 5  3:bob", "2:#ops 5", "2:5", "+"}, right: true},
		{forms: []string{"12 members", "12", ""}},
		{forms: []string{"3 ms", ""}},
	}
	for width, want := range map[int]string{
		60: " #lobby  connected  12 members  3 ms        2:#ops 5  3:bob ",
		50: " #lobby  connected  12 members    2:#ops 5  3:bob ",
		41: " #lobby  connected  12   2:#ops 5  3:bob ",
		34: " #lobby  connected  12   2:#ops 5 ",
		23: " #lobby  connected   + ",
		11: " #lobby  + ",
		4:  " #lo",
		0:  "",
	} {
		if got := fitStatus(parts, width, ansi.WcWidth); got != want {
			t.Errorf("width %d:\n got %q\nwant %q", width, got, want)
		}
	}
}

// TestStatusWidth checks that a line is as wide as the terminal counts it: some count each part of an emoji.
func TestStatusWidth(t *testing.T) {
	parts := []statusPart{{forms: []string{"search 👩\u200d👩\u200d👧\u200d👦"}}, {forms: []string{"2:#ops"}, right: true}}
	for _, method := range []ansi.Method{ansi.WcWidth, ansi.GraphemeWidth} {
		if line := fitStatus(parts, 40, method); method.StringWidth(line) != 40 {
			t.Errorf("method %d: %q has %d cells", method, line, method.StringWidth(line))
		}
	}
}
