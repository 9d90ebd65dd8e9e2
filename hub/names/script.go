package names

import (
	"slices"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// scriptSets are the sets of scripts that may be mixed in one name: those of Japanese,
// Chinese and Korean (UTS 39 section 5.2, Highly Restrictive).
var scriptSets = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// oneScriptSet reports whether a name uses one script, or scripts of one set. Characters
// that are common to all scripts do not count.
func oneScriptSet(nick string) bool {
	var scripts []string
	for _, r := range nick {
		script := scriptOf(r, scripts)
		switch {
		case script == "":
			return false
		case script == "Common", script == "Inherited", slices.Contains(scripts, script):
			continue
		}
		scripts = append(scripts, script)
		if len(scripts) > 1 && !slices.ContainsFunc(scriptSets, func(set []string) bool { return isSubset(scripts, set) }) {
			return false
		}
	}
	return true
}

// scriptOf returns the name of the script of r, or "" if r is not assigned. It tries the
// likely scripts first, because there are many tables.
func scriptOf(r rune, likely []string) string {
	for _, name := range likely {
		if unicode.Is(unicode.Scripts[name], r) {
			return name
		}
	}
	for _, name := range []string{"Latin", "Common", "Inherited"} {
		if unicode.Is(unicode.Scripts[name], r) {
			return name
		}
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

func isSubset(subset, all []string) bool {
	return !slices.ContainsFunc(subset, func(s string) bool { return !slices.Contains(all, s) })
}

// oneDigitSet reports whether the digits of a name belong to one set of ten digits.
func oneDigitSet(nick string) bool {
	zero := rune(-1)
	for _, r := range nick {
		if !unicode.IsDigit(r) {
			continue
		}
		if z := zeroOf(r); zero == -1 {
			zero = z
		} else if z != zero {
			return false
		}
	}
	return true
}

// zeroOf returns the zero of the set of ten digits that r belongs to. The ten digits of a set
// are contiguous (Unicode section 4.6), and each range of the tables has one set or more.
func zeroOf(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if lo := rune(t.Lo); lo <= r && r <= rune(t.Hi) {
			return r - (r-lo)%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if lo := rune(t.Lo); lo <= r && r <= rune(t.Hi) {
			return r - (r-lo)%10
		}
	}
	return r
}

// tooManyMarks reports whether a name has more marks on one character than any script
// needs. At most four nonspacing marks follow a character, and none is repeated (UTS 39
// section 5.4): Burmese and Tibetan need four, pointed Hebrew three, Thai and Arabic two. At
// most two of them are marks that all scripts share; all Vietnamese and Greek letters have a
// composed form.
func tooManyMarks(nick string) bool {
	marks, shared := 0, 0
	for _, r := range nick {
		switch {
		case !unicode.In(r, unicode.Mn, unicode.Me):
			marks, shared = 0, 0
			continue
		case unicode.Is(unicode.Inherited, r):
			shared++
		}
		marks++
		if marks > 4 || shared > 2 {
			return true
		}
	}
	last := rune(0)
	for _, r := range norm.NFD.String(nick) {
		if r == last && unicode.In(r, unicode.Mn, unicode.Me) {
			return true
		}
		last = r
	}
	return false
}
