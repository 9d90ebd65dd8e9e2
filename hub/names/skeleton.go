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

// Skeletons returns the skeletons of a nickname that Nick returned: that of its lower case,
// that of its spelling, and that of its upper case, without duplicates. Two nicknames are
// too similar if they share a skeleton. The first skeleton is the same for all nicknames
// that differ only in case. An ASCII nickname has only one skeleton.
//
// One skeleton is not enough. N is confusable with the Greek Ν, which in lower case is ν,
// and ν is confusable with v. If one skeleton stood for both confusable letters and both
// cases, then n and v would be equal, and so would r and y, by way of Г.
func Skeletons(nick string) []string {
	all := []string{firstSkeleton(nick)}
	if isASCII(nick) {
		return all
	}
	for _, spelling := range []string{nick, strings.ToUpper(nick)} {
		if s := firstSkeleton(skeleton(spelling)); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// FirstSkeleton returns the first of the skeletons of a name, which need not be a valid
// nickname. ok is false if the name is longer than any nickname.
func FirstSkeleton(name string) (s string, ok bool) {
	if len(name) > maxInput {
		return "", false
	}
	return firstSkeleton(name), true
}

// EqualFold reports whether two names are equal or differ only in case.
func EqualFold(a, b string) bool { return foldCase(a) == foldCase(b) }

// firstSkeleton folds case and takes the skeleton alternately, because an upper-case letter
// may have a prototype and a prototype may be an upper-case letter. After two rounds, more
// rounds change nothing.
func firstSkeleton(name string) string {
	return skeleton(foldCase(skeleton(foldCase(name))))
}

// skeleton returns the skeleton of UTS 39 section 4, which confusable strings share. In
// addition it maps i to l, because I and l are confusable and names are compared without
// case.
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

// prototype returns the string that r is confusable with, or "" if r has no prototype.
func prototype(r rune) string {
	lo, hi := 0, len(confusables) // each is the start of a line
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

// foldCase returns the same string for strings that differ only in case (Unicode section
// 3.13, canonical caseless matching). The second mapping is needed for Cherokee, whose
// cases cases.Fold swaps.
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
