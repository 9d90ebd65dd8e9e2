package names

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

//go:generate go run confusable_gen.go /usr/lib/python3/dist-packages/confusable_homoglyphs/confusables.json

// looks returns what a prepared name can be read as: in lower case, as it is spelled, and
// in capitals. Two names are one where they share a look. The first look is the same for
// all names that differ in case alone; in ASCII it is the only one.
//
// One look alone would not do. N reads as the Greek Ν, in lower case that is ν, and this
// reads as v: if looking alike and differing in case made one class together, n and v
// would be one letter, and r and y by way of Г.
func Skeletons(nick string) []string {
	all := []string{nickKey(nick)}
	if isASCII(nick) {
		return all
	}
	for _, spelled := range []string{nick, strings.ToUpper(nick)} {
		if look := nickKey(skeleton(spelled)); !slices.Contains(all, look) {
			all = append(all, look)
		}
	}
	return all
}

// nickKey returns the first look of a name. It folds case and makes the skeleton by turns,
// since capitals have prototypes and prototypes can be capitals; twice is enough for
// neither to change anything more.
func nickKey(nick string) string {
	return skeleton(foldCase(skeleton(foldCase(nick))))
}

// skeleton returns the same for strings that look alike (UTS 39 section 4). Beyond what
// Unicode says, i is l: the capital of the one looks like the other, and names are
// compared without case.
func skeleton(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if to := prototype(r); to != "" {
			b.WriteString(to)
		} else {
			b.WriteRune(r)
		}
	}
	return norm.NFD.String(strings.ReplaceAll(b.String(), "i", "l"))
}

// prototype returns what r looks like, or "" where r itself stands for its kind.
func prototype(r rune) string {
	lo, hi := 0, len(confusables) // between beginnings of lines
	if r < utf8.RuneSelf {
		hi = confusablesInASCII
	}
	for lo < hi {
		middle := lo + strings.LastIndexByte(confusables[lo:(lo+hi)/2], '\n') + 1
		end := middle + strings.IndexByte(confusables[middle:], '\n')
		switch from, size := utf8.DecodeRuneInString(confusables[middle:]); {
		case from < r:
			lo = end + 1
		case from > r:
			hi = middle
		default:
			return confusables[middle+size : end]
		}
	}
	return ""
}

// foldCase returns the same for strings that differ in case alone (Unicode section 3.13,
// canonical caseless matching). The library's folding swaps the two cases of Cherokee.
func foldCase(s string) string {
	s = cases.Fold().String(norm.NFD.String(s))
	return norm.NFD.String(strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
