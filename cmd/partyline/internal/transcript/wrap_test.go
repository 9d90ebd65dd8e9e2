package transcript

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		name        string
		text        string
		lead, width int
		want        []string
	}{
		{"nothing", "", 0, 10, []string{""}},
		{"one line", "ten  cells", 0, 10, []string{"ten  cells"}},
		{"words", "the quick  brown fox", 0, 10, []string{"the quick", "brown fox"}},
		{"spaces at the end", "ten  cells     ", 0, 10, []string{"ten  cells"}},
		{"only spaces", "            ", 0, 10, []string{""}},
		{"indented", "  if x {", 0, 10, []string{"  if x {"}},
		{"a long word", "a abcdefghijklm n", 0, 10, []string{"a", "abcdefghij", "klm n"}},
		{"after a lead", "the quick brown", 4, 10, []string{"the", "quick", "brown"}},
		{"a long word after a lead", "abcdefghijklm", 4, 10, []string{"", "abcdefghij", "klm"}},
		{"wide", "世界你好世界", 0, 7, []string{"世界你", "好世界"}},
		{"wide and narrow", "ab世界cd", 0, 5, []string{"ab世", "界cd"}},
		{"closing punctuation", "世界你好。", 0, 8, []string{"世界你", "好。"}},
		{"opening punctuation", "世界（你好", 0, 6, []string{"世界", "（你好"}},
		{"hangul", "안녕하세요 세계", 0, 10, []string{"안녕하세요", "세계"}},
		{"an address", "see http://x.example/y z", 0, 16, []string{"see", "http://x.example", "/y z"}},
		{"an address with ideographs", "a http://x/世界/y", 0, 15, []string{"a", "http://x/世界/y"}},
		{"combining marks", "e\u0301e\u0301e\u0301", 0, 2, []string{"e\u0301e\u0301", "e\u0301"}},
		{"a flag", "🇨🇭🇨🇭", 0, 3, []string{"🇨🇭", "🇨🇭"}},
		{"too wide", "世界", 0, 1, []string{"?", "?"}},
	} {
		cells := appendCells(nil, test.text, ansi.GraphemeWidth, test.width)
		paint(cells, links(test.text, ""), true)
		var got []string
		for _, line := range wrap(cells, test.lead, test.width) {
			var b strings.Builder
			for _, c := range line {
				b.WriteString(c.text)
			}
			got = append(got, b.String())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestWidthMethods shows an emoji of four code points on terminals that measure it differently.
func TestWidthMethods(t *testing.T) {
	const family = "👩‍👩‍👧‍👦"
	for _, test := range []struct {
		method ansi.Method
		width  int
		want   []int // widths of the cells
	}{
		{ansi.GraphemeWidth, 2, []int{2}},
		{ansi.WcWidth, 8, []int{8}},
		{ansi.WcWidth, 7, []int{2, 2, 2, 2}},
		{ansi.WcWidth, 1, []int{1, 1, 1, 1}},
	} {
		var got []int
		for _, c := range appendCells(nil, family, test.method, test.width) {
			got = append(got, c.width)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("method %d, width %d: %v, want %v", test.method, test.width, got, test.want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"alice", 5, "alice"},
		{"alice", 4, "ali…"},
		{"李雷雷", 5, "李雷…"},
		{"李雷雷", 4, "李…"},
		{"alice", 1, "…"},
		{"alice", 0, ""},
		{"", 0, ""},
	} {
		got, n := shorten(test.text, test.width, ansi.GraphemeWidth)
		if got != test.want || n != ansi.StringWidth(got) {
			t.Errorf("shorten(%q, %d) = %q, %d, want %q", test.text, test.width, got, n, test.want)
		}
	}
}

func TestLayout(t *testing.T) {
	for _, test := range []struct {
		width int
		want  layout
	}{
		{0, layout{tiny: true, limit: 1, width: 1}},
		{11, layout{tiny: true, limit: 11, width: 11}},
		{12, layout{text: 2, limit: 10, width: 12}},
		{49, layout{text: 2, limit: 47, width: 49}},
		{50, layout{columns: true, name: 10, text: 19, limit: 31, width: 50}},
		{80, layout{columns: true, name: 13, text: 22, limit: 58, width: 80}},
		{200, layout{columns: true, name: 18, text: 27, limit: 120, width: 200}},
	} {
		if got := newLayout(test.width); got != test.want {
			t.Errorf("width %d: %+v, want %+v", test.width, got, test.want)
		}
	}
}
