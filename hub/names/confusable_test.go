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

// alike reports whether two names are one.
func alike(a, b string) bool {
	others := Skeletons(b)
	return slices.ContainsFunc(Skeletons(a), func(look string) bool { return slices.Contains(others, look) })
}

func TestLooks(t *testing.T) {
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
		{"vo", "νο"}, // a Greek name can be read as either
		{"ı", "i"},
		{"ž", "z\u0306"},
	} {
		for _, nick := range same[1:] {
			if !alike(nick, same[0]) || !alike(same[0], nick) {
				t.Errorf("%q and %q are two names", same[0], nick)
			}
		}
	}
	for _, different := range [][2]string{
		{"alice", "alise"},
		{"e", "é"},
		{"nata", "vata"}, // N is Ν, and that is ν, which is v
		{"roy", "yor"},   // r is г, Г is Γ, and that is γ, which is y
		{"bob", "ssoss"}, // B is Β, and that is β, which is ß
		{"ali", "alli"},
		{"a-b", "a_b"},
		{"a.b", "ab"},
		{"guest-2345", "guest-2346"},
	} {
		if alike(different[0], different[1]) {
			t.Errorf("%q and %q are one name", different[0], different[1])
		}
	}
}

// TestConfusables: the table is sorted, and no prototype has a prototype.
func TestConfusables(t *testing.T) {
	last := rune(-1)
	for line := range strings.Lines(confusables) {
		from, size := utf8.DecodeRuneInString(line)
		to := line[size : len(line)-1]
		if from <= last || to == "" {
			t.Fatalf("%q follows on %q", line, last)
		}
		last = from
		if got := prototype(from); got != to {
			t.Errorf("%q is found to be %q, want %q", from, got, to)
		}
		for _, r := range norm.NFD.String(to) {
			if prototype(r) != "" {
				t.Errorf("%q is %q, and %q of that %q", from, to, r, prototype(r))
			}
		}
	}
	for _, r := range []rune{0, '/', 'a', 'i', 'l', 0x7f, 0x80, last + 1, unicode.MaxRune} {
		if got := prototype(r); got != "" {
			t.Errorf("%q is %q", r, got)
		}
	}
}

// TestLooksOfLetters goes over all letters that differ in case or look like something.
func TestLooksOfLetters(t *testing.T) {
	t.Parallel()
	for r := range unicode.MaxRune + 1 {
		s := string(r)
		other := unicode.SimpleFold(r)
		if other == r && prototype(r) == "" {
			continue
		}
		checkLooks(t, norm.NFC.String(s))
		if nickKey(s) != nickKey(string(other)) {
			t.Errorf("%q and %q differ in case alone, and are %q and %q", r, other, nickKey(s), nickKey(string(other)))
		}
		if len(Skeletons(s)) > 1 && r < utf8.RuneSelf {
			t.Errorf("%q has the looks %q", r, Skeletons(s))
		}
	}
}

// TestLooksOfNames makes names of letters that are read for others, in all cases.
func TestLooksOfNames(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(39, 4))
	letters := []rune("aiIlL1oO0mMrnNvVsSbB.-_ßẞıſKéΣσςΝνΓγιΒβͅвВгГуіІӀąž\u0301\u0323\u0345\u0307ᾳǅЫыꙑƗɨᎪꭺꮄ")
	for range 1000 {
		nick := make([]rune, 1+random.IntN(6))
		for i := range nick {
			nick[i] = letters[random.IntN(len(letters))]
		}
		checkLooks(t, norm.NFC.String(string(nick)))
	}
}

// checkLooks: a look looks like itself; whatever differs from a name in case alone has its
// first look, and whatever looks like it has one of its looks.
func checkLooks(t *testing.T, nick string) {
	t.Helper()
	if s := skeleton(nick); skeleton(s) != s {
		t.Errorf("the skeleton of %q is %q, and that one's %q", nick, s, skeleton(s))
	}
	for _, look := range Skeletons(nick) {
		if nickKey(look) != look {
			t.Errorf("%q looks like %q, and that like %q", nick, look, nickKey(look))
		}
	}
	for _, same := range []string{
		strings.Map(otherCase, nick), foldCase(nick), norm.NFD.String(nick), norm.NFC.String(nick),
	} {
		if nickKey(same) != nickKey(nick) || !alike(same, nick) {
			t.Errorf("%q is %q, but %q is %q", nick, Skeletons(nick), same, Skeletons(same))
		}
	}
	for _, same := range []string{skeleton(nick), skeleton(strings.ToUpper(nick)), skeleton(foldCase(nick)), nickKey(nick)} {
		if !alike(same, nick) {
			t.Errorf("%q is %q, but %q is %q", nick, Skeletons(nick), same, Skeletons(same))
		}
	}
}

// otherCase returns another rune that differs from r in case alone. The mark below a Greek
// letter, whose capital is a letter, stays what it is: marks change places.
func otherCase(r rune) rune {
	other := unicode.SimpleFold(r)
	if unicode.IsMark(other) != unicode.IsMark(r) {
		return r
	}
	return other
}
