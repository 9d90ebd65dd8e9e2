package names

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// shareSkeleton reports whether two names share a skeleton.
func shareSkeleton(a, b string) bool {
	others := Skeletons(b)
	return slices.ContainsFunc(Skeletons(a), func(s string) bool { return slices.Contains(others, s) })
}

func TestSkeletons(t *testing.T) {
	for _, same := range [][]string{
		{"alice", "Alice", "ALICE", "a1ice", "aIice", "AL1CE", "ALlCE", "аӏісе"}, // the last is Cyrillic
		{"straße", "STRAẞE", "Straße"},
		{"σίσυφος", "ΣΊΣΥΦΟΣ", "Σίσυφοσ"},
		{"éa", "ÉA", "e\u0301a"},
		{"дом", "ДОМ"},
		{"ꮄ", "Ꮄ"},
		{"ა", "Ა"},
		{"ǆ", "ǅ", "Ǆ"},
		{"bob", "B0B", "b0b", "ВОВ", "вов"}, // Cyrillic
		{"tom", "torn", "TORN", "T0M"},
		{"ian", "Ian", "lan", "1an"},
		{"scope", "ѕсоре", "ЅСОРЕ"}, // Cyrillic
		{"nata", "ΝΑΤΑ"},
		{"no", "νο", "ΝΟ"},
		{"vo", "νο"}, // a Greek name has both skeletons
		{"ı", "i"},
		{"ž", "z\u0306"},
	} {
		for _, nick := range same[1:] {
			if !shareSkeleton(nick, same[0]) || !shareSkeleton(same[0], nick) {
				t.Errorf("%q and %q share no skeleton", same[0], nick)
			}
		}
	}
	for _, different := range [][2]string{
		{"alice", "alise"},
		{"e", "é"},
		{"nata", "vata"}, // N → Ν, in lower case ν → v
		{"roy", "yor"},   // r → г, in upper case Г → Γ, in lower case γ → y
		{"bob", "ssoss"}, // B → Β, in lower case β → ß
		{"ali", "alli"},
		{"a-b", "a_b"},
		{"a.b", "ab"},
		{"guest-2345", "guest-2346"},
	} {
		if shareSkeleton(different[0], different[1]) {
			t.Errorf("%q and %q share a skeleton", different[0], different[1])
		}
	}
}

// TestConfusables checks that the table is sorted and no prototype has a prototype.
func TestConfusables(t *testing.T) {
	last := rune(-1)
	for line := range strings.Lines(confusables) {
		from, size := utf8.DecodeRuneInString(line)
		to := line[size : len(line)-1]
		if from <= last || to == "" {
			t.Fatalf("%q follows %q", line, last)
		}
		last = from
		if got := prototype(from); got != to {
			t.Errorf("the prototype of %q is %q, want %q", from, got, to)
		}
		for _, r := range norm.NFD.String(to) {
			if prototype(r) != "" {
				t.Errorf("the prototype of %q is %q, and that of %q in it is %q", from, to, r, prototype(r))
			}
		}
	}
	for _, r := range []rune{0, '/', 'a', 'i', 'l', 0x7f, 0x80, last + 1, unicode.MaxRune} {
		if got := prototype(r); got != "" {
			t.Errorf("the prototype of %q is %q", r, got)
		}
	}
}

// TestSkeletonsOfLetters checks all letters that have another case or a prototype.
func TestSkeletonsOfLetters(t *testing.T) {
	t.Parallel()
	for r := range unicode.MaxRune + 1 {
		s := string(r)
		other := unicode.SimpleFold(r)
		if other == r && prototype(r) == "" {
			continue
		}
		checkSkeletons(t, norm.NFC.String(s))
		if firstSkeleton(s) != firstSkeleton(string(other)) {
			t.Errorf("%q and %q differ only in case, but their skeletons are %q and %q", r, other, firstSkeleton(s), firstSkeleton(string(other)))
		}
		if len(Skeletons(s)) > 1 && r < utf8.RuneSelf {
			t.Errorf("%q has the skeletons %q", r, Skeletons(s))
		}
	}
}

// TestSkeletonsOfNames checks random names of confusable letters in both cases.
func TestSkeletonsOfNames(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(39, 4))
	letters := []rune("aiIlL1oO0mMrnNvVsSbB.-_ßẞıſKéΣσςΝνΓγιΒβͅвВгГуіІӀąž\u0301\u0323\u0345\u0307ᾳǅЫыꙑƗɨᎪꭺꮄ")
	for range 1000 {
		nick := make([]rune, 1+random.IntN(6))
		for i := range nick {
			nick[i] = letters[random.IntN(len(letters))]
		}
		checkSkeletons(t, norm.NFC.String(string(nick)))
	}
}

// checkSkeletons checks that the skeleton of a skeleton is the same, that a name that differs
// only in case has the same first skeleton, and that a confusable name shares a skeleton.
func checkSkeletons(t *testing.T, nick string) {
	t.Helper()
	if s := skeleton(nick); skeleton(s) != s {
		t.Errorf("the skeleton of %q is %q, whose skeleton is %q", nick, s, skeleton(s))
	}
	for _, s := range Skeletons(nick) {
		if firstSkeleton(s) != s {
			t.Errorf("a skeleton of %q is %q, whose skeleton is %q", nick, s, firstSkeleton(s))
		}
	}
	for _, same := range []string{
		strings.Map(otherCase, nick), foldCase(nick), norm.NFD.String(nick), norm.NFC.String(nick),
	} {
		if firstSkeleton(same) != firstSkeleton(nick) || !shareSkeleton(same, nick) {
			t.Errorf("the skeletons of %q are %q, but those of %q are %q", nick, Skeletons(nick), same, Skeletons(same))
		}
	}
	for _, same := range []string{skeleton(nick), skeleton(strings.ToUpper(nick)), skeleton(foldCase(nick)), firstSkeleton(nick)} {
		if !shareSkeleton(same, nick) {
			t.Errorf("the skeletons of %q are %q, but those of %q are %q", nick, Skeletons(nick), same, Skeletons(same))
		}
	}
}

// otherCase returns another rune that differs from r only in case. It does not change the
// iota subscript, whose upper case is a letter, because normalization reorders marks.
func otherCase(r rune) rune {
	other := unicode.SimpleFold(r)
	if unicode.IsMark(other) != unicode.IsMark(r) {
		return r
	}
	return other
}
