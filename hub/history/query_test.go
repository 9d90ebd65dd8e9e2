package history

import (
	"slices"
	"strings"
	"testing"

	"partyline/hub/hubtest/fuzztest"
	"partyline/hub/wire"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Hello, World!":      "hello world",
		"Ångström CAFÉ ﬁn":   "angstrom cafe fin",
		"foo-bar_baz v1.2":   "foo bar baz v1 2",
		"STRASSE Straße":     "strasse strasse",
		"東京タワー go":           "東 京 タ ワ ー go",
		"हिंदी":              "हिंदी",
		"\x07 -- \n\t… \"'":  "",
		"pizza🍕🍕":            "pizza 🍕 🍕",
		"ПРИВЕТ, Ёлка й":     "привет елка и",
		"http://a.example/x": "http a example x",
	} {
		if got := strings.Join(words(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestQuery(t *testing.T) {
	m := &wire.Message{From: "Zoë", Text: "The quick brown-fox jumps\nover 東京タワー"}
	for text, want := range map[string]bool{
		"quick": true, "QUI": true, "QU": false, "uick": false, "fox quick": true, "quick brown dog": false,
		"brown-fox": true, "quick-fox": false, "zoe": true, "zoé jump": true, "京タ": true, "京ワ": false,
	} {
		if got := NewQuery(text).Matches(m); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for _, text := range []string{"", " ", `"*-`, "\n"} {
		if NewQuery(text) != nil {
			t.Errorf("%q makes a query", text)
		}
	}
	many := NewQuery(strings.Repeat("a ", 100))
	if n := len(many.Phrases()); n != maxPhrases {
		t.Errorf("%d phrases", n)
	}
	long := NewQuery(strings.Repeat("東", 1000))
	if n := len(long.Phrases()[0]); n != maxWords {
		t.Errorf("a phrase of %d words", n)
	}
}

// The words of a text are words by themselves, a text matches itself, and no word contains a
// character that has a meaning in an index.
func FuzzWords(f *testing.F) {
	for _, s := range append(fuzztest.Lines,
		"Ångström", "東京タワー", "हिंदी", "İI", "ﷺ", "\u0345", "Ꮌ0", "ꮌ",
	) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list := words(text)
		if again := words(strings.Join(list, " ")); !slices.Equal(again, list) {
			t.Fatalf("%q: %q, and of these %q", text, list, again)
		}
		for _, w := range list {
			if strings.ContainsAny(w, " \"*_\x00") || w == "" {
				t.Fatalf("%q has the word %q", text, w)
			}
		}
		if q := NewQuery(text); q != nil && !q.Matches(&wire.Message{Text: text}) {
			t.Fatalf("%q does not match itself", text)
		}
	})
}
