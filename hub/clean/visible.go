package clean

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/rangetable"
)

// Visible reports whether s has a visible character. Escape sequences and the characters that
// Text replaces do not count. s need not be clean.
func Visible(s string) bool {
	return strings.ContainsFunc(stripANSI(s), func(r rune) bool {
		return !unicode.IsSpace(r) && !unsafeRune(r) && !invisible(r)
	})
}

// ignorable is the characters with Unicode's property Default_Ignorable_Code_Point, and a few
// visible ones of Cf.
var ignorable = rangetable.Merge(unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Cf)

// invisible reports whether r shows nothing and is not white space.
func invisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0x2800: // the Braille pattern without dots
		return true
	}
	return unicode.Is(ignorable, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) &&
		(r < 0xfff9 || r > 0xfffb) && (r < 0x13430 || r > 0x1343f) // annotations, hieroglyphs
}
