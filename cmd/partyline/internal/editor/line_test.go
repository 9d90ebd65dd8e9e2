package editor

import (
	"fmt"
	"strings"
	"testing"

	"partyline/hub/hubtest/fuzztest"
)

// Texts with characters of several code points.
const (
	family = "👩\u200d👩\u200d👧\u200d👦"
	flag   = "🇨🇭"
	accent = "e\u0301"
	pirate = "🏴\u200d☠\ufe0f"
)

// lineOf returns a line with a text, in which | is the cursor.
func lineOf(text string) *Line {
	before, after, _ := strings.Cut(text, "|")
	return &Line{text: before + after, cursor: len(before)}
}

// show returns the text of a line with | at the cursor.
func show(l *Line) string { return l.Text()[:l.Cursor()] + "|" + l.Text()[l.Cursor():] }

// methods are the methods that tests call by name. A name such as +text inserts a text.
var methods = map[string]func(*Line){
	"left": (*Line).Left, "right": (*Line).Right, "home": (*Line).Home, "end": (*Line).End,
	"wordleft": (*Line).WordLeft, "wordright": (*Line).WordRight, "up": (*Line).Up, "down": (*Line).Down,
	"backspace": (*Line).Backspace, "delete": (*Line).Delete, "transpose": (*Line).Transpose,
	"killstart": (*Line).KillToStart, "killend": (*Line).KillToEnd, "killfield": (*Line).KillFieldLeft,
	"killleft": (*Line).KillWordLeft, "killright": (*Line).KillWordRight,
	"yank": (*Line).Yank, "pop": (*Line).YankPop, "undo": (*Line).Undo,
	"previous": (*Line).previous, "next": (*Line).next, "take": func(l *Line) { l.Take() },
}

// do calls the methods in a list.
func do(l *Line, names string) {
	for name := range strings.SplitSeq(names, " ") {
		if text, insert := strings.CutPrefix(name, "+"); insert {
			l.Insert(strings.ReplaceAll(text, "_", " "))
		} else if f := methods[name]; f != nil {
			f(l)
		} else {
			panic(fmt.Sprintf("no method is called %q", name))
		}
	}
}

// TestEdit calls methods. In a text, | is the cursor.
func TestEdit(t *testing.T) {
	for _, test := range []struct{ text, calls, want string }{
		// insert
		{"|", "+a +b", "ab|"},
		{"a|c", "+b", "ab|c"},
		{"e|x", "+\u0301", accent + "|x"},
		{"|\u0301x", "+e", accent + "|x"}, // the cursor moves after what it joined
		{"|🇭x", "+🇨", "🇨🇭|x"},
		{"👩|👧", "+\u200d", "👩\u200d👧|"},
		{"a|", "+x\x07y\x1b[31mz\x1b", "ax�yz�|"},
		{"|", "+a\r\nb\rc\nd", "a\nb\nc\nd|"},
		{"|", "+\u202ea\xffb\u2028", "�a�b�|"},

		// moves
		{accent + family + flag + "|", "left", accent + family + "|" + flag},
		{accent + family + flag + "|", "left left", accent + "|" + family + flag},
		{accent + family + flag + "|", "left left left left", "|" + accent + family + flag},
		{"|" + accent + family + flag, "right", accent + "|" + family + flag},
		{"|" + accent + family + flag, "right right right right", accent + family + flag + "|"},
		{"one, two_2  three|", "wordleft", "one, two_2  |three"},
		{"one, two_2  three|", "wordleft wordleft", "one, |two_2  three"},
		{"one, two_2  three|", "wordleft wordleft wordleft wordleft", "|one, two_2  three"},
		{"|one, two", "wordright", "one|, two"},
		{"|one, two", "wordright wordright wordright", "one, two|"},
		{"caf" + accent + " 世界|", "wordleft wordleft", "|caf" + accent + " 世界"},
		{"one|\ntwo", "wordright wordleft", "one\n|two"},
		{"ab\ncd|e\nf", "home", "ab\n|cde\nf"},
		{"ab\ncd|e\nf", "end", "ab\ncde|\nf"},
		{"ab\n|\nf", "home end", "ab\n|\nf"},
		{"a\n|b", "left", "a|\nb"},

		// lines
		{"abc\nd\nefg|", "up", "abc\nd|\nefg"},
		{"abc\nd\nefg|", "up up", "a|bc\nd\nefg"},
		{"ab|c\nd\nefg", "down", "abc\nd|\nefg"},
		{family + accent + "|x\nabc", "down", family + accent + "x\nab|c"},
		{"\n|", "up", "|\n"},
		{"|\n", "down", "\n|"},
		{"a|b", "up", "a|b"},
		{"a|b", "down", "a|b"},

		// erase
		{"a" + family + "|b", "backspace", "a|b"},
		{"a|" + family + "b", "delete", "a|b"},
		{"a\n|b", "backspace", "a|b"},
		{"|a", "backspace", "|a"},
		{"a|", "delete", "a|"},
		{"🇨🇭x|🇺🇳", "backspace", "🇨🇭|🇺🇳"},
		{"🇨x|🇭", "backspace", "🇨🇭|"},

		// transpose
		{"ab|c", "transpose", "acb|"},
		{"abc|", "transpose", "acb|"},
		{"abc|\nd", "transpose", "acb|\nd"},
		{"|abc", "transpose", "|abc"},
		{"a|", "transpose", "a|"},
		{"a\n|b", "transpose", "a\n|b"},
		{family + "|" + flag, "transpose", flag + family + "|"},
		{"a|ab", "transpose", "aa|b"},

		// kill and yank
		{"one two|", "killstart", "|"},
		{"one two|", "killstart yank yank", "one twoone two|"},
		{"a\nb|c", "killstart", "a\n|c"},
		{"a\n|c", "killstart", "a|c"},
		{"a|b\nc", "killend", "a|\nc"},
		{"a|\nc", "killend", "a|c"},
		{"a|b\nc", "killend killend killend yank", "ab\nc|"},
		{"one two-three|", "killleft", "one two-|"},
		{"one two-three|", "killleft killleft yank", "one two-three|"},
		{"one two-three  |", "killfield", "one |"},
		{"one two-three  |", "killfield killfield killfield", "|"},
		{"|one two", "killright", "| two"},
		{"|one two", "killright killright yank", "one two|"},
		{"one |two", "killleft killright yank", "one two|"},
		{"one |two", "killleft left killright yank", "two|"},
		{"a b c|", "killleft left killleft end yank pop", "a  c|"},
		{"a b|", "killleft left killleft yank", "a| "},
		{"a|", "yank pop", "a|"},
		{"a|", "pop", "a|"},
		{"a|", "killstart yank left pop", "|a"},
		{"a b c|", "killfield +x killfield +y killfield yank pop pop pop", "a b y|"},

		// undo
		{"|", "+a +b +c undo", "|"},
		{"|", "+a +b +_ +c +d undo", "ab |"},
		{"|", "+a +pasted +b undo", "apasted|"},
		{"|", "+a +pasted +b undo undo", "a|"},
		{"|", "+a +b +_ +_ +c undo undo", "|"},
		{"|", "+a +b left +c undo", "a|b"},
		{"abc|", "backspace backspace undo", "abc|"},
		{"abc|", "backspace left backspace undo", "a|b"},
		{"abc|", "killstart +x undo undo undo", "abc|"},
		{"a b|", "killleft yank pop undo undo", "a b|"},
		{"ab|", "transpose undo", "ab|"},
		{"ab|", "+c undo +d", "abd|"},
	} {
		l := lineOf(test.text)
		if do(l, test.calls); show(l) != test.want {
			t.Errorf("%q, %q: %q, want %q", test.text, test.calls, show(l), test.want)
		}
	}
}

func TestSetText(t *testing.T) {
	l := lineOf("a|b")
	if l.SetText("x\r\ny\x1b[0m\x00"); show(l) != "x\ny�|" {
		t.Errorf("%q", show(l))
	}
	if l.Undo(); show(l) != "a|b" {
		t.Errorf("%q after undo", show(l))
	}
}

// TestInsertEscapes inserts escape sequences: none of their control characters reaches the text.
func TestInsertEscapes(t *testing.T) {
	for text := range fuzztest.Escapes {
		var l Line
		l.Insert("a" + text + "b")
		checkText(t, &l)
		checkWindow(t, &l, 20, 5)
		l.SetText("")
		for i := range min(len(text), 100) { // typed, each byte is cleaned alone
			l.Insert(text[i : i+1])
		}
		checkText(t, &l)
	}
}

// TestTake checks that an empty line without undo is left, with the same kill ring and history.
func TestTake(t *testing.T) {
	l := lineOf("one two|")
	do(l, "killleft")
	if text := l.Take(); text != "one " || show(l) != "|" {
		t.Errorf("%q, then %q", text, show(l))
	}
	if l.Undo(); show(l) != "|" {
		t.Errorf("%q after undo", show(l))
	}
	if do(l, "yank up"); show(l) != "one |" {
		t.Errorf("%q", show(l))
	}
	if do(l, "down"); show(l) != "two|" {
		t.Errorf("%q", show(l))
	}
}

// TestShared checks that two lines share a kill ring and a history.
func TestShared(t *testing.T) {
	var a, b Line
	a.Kills, a.History = new(Kills), new(History)
	b.Kills, b.History = a.Kills, a.History
	do(&a, "+said take +killed killstart")
	if do(&b, "yank"); show(&b) != "killed|" {
		t.Errorf("%q", show(&b))
	}
	if do(&b, "up"); show(&b) != "said|" {
		t.Errorf("%q", show(&b))
	}
}

// TestBounds checks that the kill ring and the undo steps are bounded.
func TestBounds(t *testing.T) {
	var l Line
	for i := range 2 * maxUndo {
		l.Insert(fmt.Sprint(i))
		l.KillToStart()
	}
	if len(l.undo) != maxUndo || len(l.Kills.texts) != maxKills {
		t.Errorf("%d steps, %d kills", len(l.undo), len(l.Kills.texts))
	}
	l.Yank()
	if want := fmt.Sprint(2*maxUndo - 1); l.Text() != want {
		t.Errorf("yanked %q, want %q", l.Text(), want)
	}
	for range 3 * maxUndo {
		l.Undo()
	}
	if want := fmt.Sprint(2*maxUndo - maxUndo/2); l.Text() != want { // each text is two steps
		t.Errorf("undo left %q, want %q", l.Text(), want)
	}
}

func TestLongUndo(t *testing.T) {
	var l Line
	l.Insert(strings.Repeat("x", maxUndoBytes/4))
	for range 10 {
		l.Home()
		l.Insert("y")
	}
	size := 0
	for _, s := range l.undo {
		size += len(s.text)
	}
	if size > maxUndoBytes || len(l.undo) < 3 {
		t.Errorf("%d steps of %d bytes are kept", len(l.undo), size)
	}
	l.Undo()
	if want := strings.Repeat("y", 9) + "x"; !strings.HasPrefix(l.Text(), want) {
		t.Errorf("Undo left %.20q, want %q", l.Text(), want)
	}
}

func TestPastedLines(t *testing.T) {
	for text, want := range map[string]string{
		"":                    `[""]`,
		"one":                 `["one"]`,
		"one\n":               `["one"]`,
		"one\r\ntwo\rthree":   `["one" "two" "three"]`,
		"  one\n\n\ttwo\n\n":  `["  one" "" "\ttwo"]`,
		"\x1b[31mred\x1b[0m!": `["red!"]`,
	} {
		if got := fmt.Sprintf("%q", PastedLines(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
