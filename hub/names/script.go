package names

import (
	"slices"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// writings are the scripts that stand together in one text: Japanese, and Chinese and
// Korean as they are typed (UTS 39 section 5.2, Highly Restrictive).
var writings = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// oneWriting reports whether all of a name is of one script, or of scripts that one
// writing uses. What is common to all scripts doesn't count.
func oneWriting(nick string) bool {
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
		if len(scripts) > 1 && !slices.ContainsFunc(writings, func(w []string) bool { return within(scripts, w) }) {
			return false
		}
	}
	return true
}

// scriptOf returns the name of the script of r, or "" where r is not assigned. It tries the
// likely ones first: the tables are many.
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

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// oneNumbering reports whether the digits of a name are of one set of ten.
func oneNumbering(nick string) bool {
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

// zeroOf returns the zero of the ten digits that r is one of. Unicode sets them in a row
// (section 4.6), and so does each range of the tables, ten times once or more.
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

// piled reports whether a name has more marks on one character than writing takes. These
// are at most four without a width of their own, and never one twice (UTS 39 section
// 5.4): Burmese and Tibetan take four, pointed Hebrew three, Thai and Arabic two. Of the marks that
// every script may use, which are what piles are made of, at most two stand behind a
// composed letter; all Vietnamese and Greek letters are composed.
func piled(nick string) bool {
	marks, general := 0, 0
	for _, r := range nick {
		switch {
		case !unicode.In(r, unicode.Mn, unicode.Me):
			marks, general = 0, 0
			continue
		case unicode.Is(unicode.Inherited, r):
			general++
		}
		marks++
		if marks > 4 || general > 2 {
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
