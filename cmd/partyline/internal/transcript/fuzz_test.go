package transcript

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"partyline/client"
)

// FuzzLines shows arbitrary events at arbitrary widths. Whatever they have, each line fits, has no escape
// sequence but SGR, and ends in plain style.
func FuzzLines(f *testing.F) {
	for _, text := range []string{
		"", " ", "hello", "a\nb\n\nc", "a\tb", "世界 €", "👩‍👩‍👧‍👦👩🏽‍🚀", "e\u0301 Z͑ͫ", "שלום עולם", "\u200f\u0301x", "❤\ufe0f\ufe0f",
		"🇨🇭🇨", "\x1b[2J\x1b]0;x\a\x9b31m\u009b\u2028\u202e", "\xff\xfe", "https://example.com/" + strings.Repeat("long/", 30),
		"@alice, Alice: alice-b", strings.Repeat("(", 50) + strings.Repeat("。", 50), "स्ते स्ते", "  \u0600  ", "각\u1160\u11a8",
	} {
		for i, width := range []uint8{1, 13, 40, 90} {
			if i%2 == 0 {
				f.Add(text, "alice", "bob", width, uint8(i*23))
			} else {
				f.Add("hi alice", text, "alice", width, uint8(i*29))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text, from, nick string, width, look uint8) {
		style := Style{Profile: colorprofile.Profile(look % 6), Light: look&8 != 0, Method: ansi.Method(look >> 4 & 1)}
		o := Options{Nick: nick, Words: text[:min(len(text), 9)], Zone: time.UTC, Now: func() time.Time { return noon }, Style: style}
		v, p := New(o), NewPrinter(o)
		v.Say("key", text, look&1 != 0)
		for i, e := range events(text, from, nick) {
			v.Add(e)
			v.JumpTo(int64(i))
			checkLines(t, p.Event(e, int(width)), int(width), style.Method)
			checkLines(t, v.Lines(int(width), 10+i), int(width), style.Method)
		}
		v.AddLine(LineKind(look%3), text)
		for v.ScrollUp(1000); ; v.PageDown() {
			lines := v.Lines(int(width), 24)
			if len(lines) != 24 {
				t.Fatalf("%d lines, want 24", len(lines))
			}
			checkLines(t, lines, int(width), style.Method)
			if v.AtEnd() {
				break
			}
		}
	})
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// events returns an event of each kind.
func events(text, from, nick string) []client.Event {
	return []client.Event{
		&client.Welcome{Room: from, Nick: nick, Count: 2, Occupants: []client.Member{{Nick: nick}, {Nick: from}}},
		&client.Message{ID: 1, At: noon, From: from, Text: text},
		&client.Message{ID: 2, At: noon, From: from, Text: text + " " + nick + text, Unstored: true},
		&client.Message{ID: 3, At: noon.AddDate(1, 0, 1), From: from, Text: text, Action: true},
		&client.Private{At: noon, From: from, To: nick, Text: text},
		&client.Private{At: noon, From: nick, To: from, Text: text, Sent: true},
		&client.Joined{At: noon, Nick: from},
		&client.Left{At: noon, Nick: nick, Text: text},
		&client.Renamed{At: noon, Nick: from, To: nick},
		&client.Presence{At: noon, Arrived: 42, Left: 17, Count: 1203},
		&client.Gap{After: 3, Missed: 57},
		&client.Notice{Message: text},
		&client.Error{Message: text},
		&client.Disconnected{Err: errors.New(text)},
	}
}

func checkLines(t *testing.T, lines []string, width int, m ansi.Method) {
	t.Helper()
	for _, line := range lines {
		if n := m.StringWidth(line); n > max(width, 1) {
			t.Fatalf("%q is %d wide, want at most %d", line, n, width)
		}
		if n := drawnWidth(line, m); n > max(width, 1) {
			t.Fatalf("%q is drawn %d wide, want at most %d", line, n, width)
		}
		text, style := strip(line)
		if style != "" {
			t.Fatalf("%q ends in the style %s", line, style)
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, controls) {
			t.Fatalf("%q controls the terminal", line)
		}
	}
}

// strip removes the SGR sequences from a line, and returns the parameters of the last one.
func strip(line string) (text, style string) {
	text, rest, _ := strings.Cut(line, "\x1b[")
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
		if i < 0 || rest[i] != 'm' {
			return text + "\x1b[" + rest, style
		}
		style = rest[:i]
		var part string
		part, rest, _ = strings.Cut(rest[i+1:], "\x1b[")
		text += part
	}
	return text, style
}

// controls reports whether a character may change the terminal or the direction of the text around it.
func controls(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// drawnWidth returns the width of a line as the renderer of bubbletea draws it, cell by cell.
func drawnWidth(line string, m ansi.Method) (width int) {
	for _, cells := range uv.NewStyledString(line).Lines(m) {
		for _, c := range cells {
			width += c.Width
		}
	}
	return width
}
