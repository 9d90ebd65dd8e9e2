package editor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// TestWindow has the rows of a window and the position of its cursor. In a text, | is the cursor.
// A terminal without Unicode core shows each emoji of a family by itself.
func TestWindow(t *testing.T) {
	const wc, graphemes = ansi.WcWidth, ansi.GraphemeWidth
	for _, test := range []struct {
		text          string
		width, height int
		method        ansi.Method
		rows          string // joined with /
		row, column   int
	}{
		// one row
		{"|", 5, 1, wc, "", 0, 0},
		{"abcd|", 5, 1, wc, "abcd", 0, 4},
		{"abcde|", 5, 1, wc, "bcde", 0, 4},
		{"abcdefghi|", 5, 1, wc, "fghi", 0, 4},
		{"abcdefgh|i", 5, 1, wc, "fghi", 0, 3},
		{"abcdef|ghi", 5, 1, wc, "efghi", 0, 2},
		{"abcd|efghi", 5, 1, wc, "cdefg", 0, 2},
		{"ab|cdefghi", 5, 1, wc, "abcde", 0, 2},
		{"|abcdefghi", 5, 1, wc, "abcde", 0, 0},
		{"abc|def", 1, 1, wc, "d", 0, 0},
		{"abcdef|", 1, 1, wc, "", 0, 0},
		{"世界世界|", 5, 1, wc, "世界", 0, 4},
		{"世界世|界", 5, 1, wc, "世界", 0, 2},
		{"世界|世界世", 5, 1, wc, "世界", 0, 0},
		{"a世界世|界", 6, 1, wc, "世界", 0, 2},
		{"世|界", 2, 1, wc, "界", 0, 0},
		{"世|界", 1, 1, wc, "?", 0, 0},
		{"世界|", 1, 1, wc, "", 0, 0},
		{"a\nb\tc|", 9, 1, wc, "a⏎b⇥c", 0, 5},
		{accent + accent + "|x", 9, 1, wc, accent + accent + "x", 0, 2},
		{"שלום|!", 9, 1, wc, "שלום!", 0, 4},
		{"السلام|", 4, 1, wc, "لام", 0, 3},
		{flag + flag + "|" + flag, 9, 1, wc, flag + flag + flag, 0, 4},
		{flag + flag + flag + "|", 4, 1, wc, flag, 0, 2},
		{family + "|x", 12, 1, graphemes, family + "x", 0, 2},
		{family + "|x", 12, 1, wc, family + "x", 0, 8},
		{family + "|x", 7, 1, graphemes, family + "x", 0, 2},
		{family + "|x", 7, 1, wc, "?x", 0, 1},
		{pirate + "|", 9, 1, graphemes, pirate, 0, 2},
		{pirate + "|", 9, 1, wc, pirate, 0, 3},
		{"🏳\ufe0f|", 9, 1, graphemes, "🏳\ufe0f", 0, 2},
		{"🏳\ufe0f|", 9, 1, wc, "🏳\ufe0f", 0, 1},
		{"नमस्ते|", 9, 1, graphemes, "नमस्ते", 0, 3},
		{"नमस्ते|", 9, 1, wc, "नमस्ते", 0, 4},
		{"각|", 9, 1, wc, "각", 0, 2},
		{"\u1100\u1161\u11a8|", 9, 1, graphemes, "\u1100\u1161\u11a8", 0, 2},

		// marks without a base
		{"\u0301|", 9, 1, wc, "◌\u0301", 0, 1},
		{"a\n\u0301|", 9, 1, wc, "a⏎◌\u0301", 0, 3},
		{"\t\ufe0f|", 9, 1, graphemes, "⇥◌\ufe0f", 0, 3},
		{"\t\u200d|", 9, 1, wc, "⇥◌\u200d", 0, 2},

		// several rows
		{"|", 5, 3, wc, "", 0, 0},
		{"abcd|", 5, 3, wc, "abcd", 0, 4},
		{"abcde|", 5, 3, wc, "abcde/", 1, 0},
		{"abcd|efg", 5, 3, wc, "abcde/fg", 0, 4},
		{"abcde|fg", 5, 3, wc, "abcde/fg", 1, 0},
		{"a|b\n\ncd", 5, 3, wc, "ab⏎/⏎/cd", 0, 1},
		{"ab|\n\ncd", 5, 3, wc, "ab⏎/⏎/cd", 0, 2},
		{"ab\n|\ncd", 5, 3, wc, "ab⏎/⏎/cd", 1, 0},
		{"ab\n\n|cd", 5, 3, wc, "ab⏎/⏎/cd", 2, 0},
		{"ab\n|", 5, 3, wc, "ab⏎/", 1, 0},
		{"abcde|\nf", 5, 3, wc, "abcde/⏎/f", 1, 0},
		{"世界世|界", 5, 3, wc, "世界/世界", 1, 2},
		{"世|界", 3, 3, wc, "世/界", 1, 0},
		{"1\n2\n3\n4\n5|", 5, 3, wc, "3⏎/4⏎/5", 2, 1},
		{"1\n2\n3|\n4\n5", 5, 3, wc, "2⏎/3⏎/4⏎", 1, 1},
		{"|1\n2\n3\n4\n5", 5, 3, wc, "1⏎/2⏎/3⏎", 0, 0},
	} {
		w := lineOf(test.text).Window(test.width, test.height, test.method)
		if rows := strings.Join(w.Rows, "/"); rows != test.rows || w.Row != test.row || w.Column != test.column {
			t.Errorf("%q in %dx%d (%d): %q %d:%d, want %q %d:%d", test.text, test.width, test.height, test.method,
				rows, w.Row, w.Column, test.rows, test.row, test.column)
		}
	}
}

func BenchmarkWindow(b *testing.B) {
	for _, n := range []int{100, 4096} {
		for _, word := range []string{"hello ", "世界 "} {
			b.Run(fmt.Sprintf("%s%d", word, n), func(b *testing.B) {
				var l Line
				l.Insert(strings.Repeat(word, n/len(word)))
				b.ReportAllocs()
				for b.Loop() {
					l.Window(80, 5, ansi.WcWidth)
				}
			})
		}
	}
}
