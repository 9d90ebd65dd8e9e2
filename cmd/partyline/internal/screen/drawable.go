package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"
)

// widest is the width of the widest character that the renderer draws, in cells. It leaves out wider ones.
const widest = 4

// drawable returns a text with escape sequences for the renderer, which draws less than a terminal does:
//
//   - It leaves out the marks on an ASCII character. They are composed with it, if there is such a character.
//   - It leaves out a character that is too wide, such as a family on a terminal that draws its members one after
//     the other. It is divided into its parts.
//
// The text keeps its width.
func drawable(s string, m ansi.Method) string {
	if !strings.ContainsFunc(s, joins) {
		return s
	}
	var b strings.Builder
	for s != "" {
		n := 1
		switch {
		case s[0] < ' ':
			_, _, n, _ = ansi.DecodeSequence(s, ansi.NormalState, nil)
			b.WriteString(s[:n])
		case s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf):
			b.WriteByte(s[0])
		default:
			character, width := ansi.FirstGraphemeCluster(s, m)
			n = len(character)
			switch {
			case s[0] < utf8.RuneSelf && n > 1:
				b.WriteString(compose(character))
				b.WriteString(strings.Repeat(" ", max(width-1, 0)))
			case width > widest:
				divide(&b, character, m)
			default:
				b.WriteString(character)
			}
		}
		s = s[n:]
	}
	return b.String()
}

const joiner = '\u200d'

// joins reports whether a character may join others.
func joins(r rune) bool {
	return r == joiner || r >= 0x300 && unicode.In(r, unicode.M)
}

// compose returns an ASCII character with marks as one character, or without the marks.
func compose(s string) string {
	composed := norm.NFC.String(s)
	if composed[0] < utf8.RuneSelf {
		return s[:1]
	}
	return composed
}

// divide writes the parts of a character, without what joins them.
func divide(b *strings.Builder, s string, m ansi.Method) {
	const nothing = "\x1b\\" // ends a character, and is not drawn
	for i, r := range s {
		if r == joiner {
			continue
		}
		if part := string(r); i > 0 && m.StringWidth(part) > 0 {
			b.WriteString(nothing)
		}
		b.WriteRune(r)
	}
}
