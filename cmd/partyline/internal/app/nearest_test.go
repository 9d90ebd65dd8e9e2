package app

import (
	"strings"
	"testing"
)

// TestUnknownFlag gives flags that do not exist. The error names the nearest one, if there is one.
func TestUnknownFlag(t *testing.T) {
	for _, c := range []struct{ command, flag, want string }{
		{"", "--tpc=:4000", "unknown flag: --tpc: did you mean --tcp?"},
		{"", "--maxline=3", "unknown flag: --maxline: did you mean --max-line?"},
		{"", "--something-else", "unknown flag: --something-else"},
		{"", "-x", "unknown shorthand flag: 'x' in -x"},
		{"send", "--nik=bob", "unknown flag: --nik: did you mean --nick?"},
		{"config", "--htp=:1", "unknown flag: --htp: did you mean --http?"},
		{"health", "--timout=1s", "unknown flag: --timout: did you mean --timeout?"},
	} {
		cmd, _, err := newCommand("test").Find(strings.Fields(c.command))
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.FlagErrorFunc()(cmd, cmd.ParseFlags([]string{c.flag})); err == nil || err.Error() != c.want {
			t.Errorf("%s %s: %v, not %s", c.command, c.flag, err, c.want)
		}
	}
}

// TestDidYouMean finds the nearest word.
func TestDidYouMean(t *testing.T) {
	known := []string{"tcp", "http", "max-line", "max-rooms", "history"}
	for wrong, want := range map[string]string{
		"tpc": "tcp", "htp": "http", "max-lines": "max-line", "maxline": "max-line", "max_rooms": "max-rooms", "hisotry": "history",
		"quite-another": "", "": "",
	} {
		if want != "" {
			want = ": did you mean " + want + "?"
		}
		if got := didYouMean(wrong, known); got != want {
			t.Errorf("%s: %q, not %q", wrong, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"abc", "abc", 0}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, not %d", c.a, c.b, got, c.want)
		}
	}
}
