package names

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"partyline/hub/clean"
	"partyline/hub/hubtest/fuzztest"
)

func FuzzNick(f *testing.F) {
	for _, s := range append(fuzztest.Lines,
		"alice", "Straße", "ＡＢＣ", "e\u0301\u0323", "Ω\u0345", "محمد", "שלום1", "٣٤",
		"İ", "ſ", "ǅ", "가", "\u1100\u1161", "ﬁ", "º", "Ⅳ", "a\u200db", "ℵ", "𝐀", "ꮄ", "Ꮄ",
		"a1Ice", "ΝιΚΗ", "ВОВ", "ҋ", "ᾳ", "ы", "田中さんタロー", "Kim김金", "अ१२", "ज\u093cिंदगी", "adm1n",
	) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		nick, bad := Nick(name)
		if bad != nil {
			if line := bad.Error(); len(line) > 500 || clean.Text(line) != line || strings.ContainsAny(line, "\n") {
				t.Fatalf("refused with %q", line)
			}
			return
		}
		if !utf8.ValidString(nick) || clean.Text(nick) != nick {
			t.Fatalf("%q is not clean", nick)
		}
		if n := utf8.RuneCountInString(nick); n < 1 || n > maxNick || strings.ContainsAny(nick, " \t\n:>*~=!") {
			t.Fatalf("%q became %q", name, nick)
		}
		again, bad := Nick(nick)
		if bad != nil || again != nick {
			t.Fatalf("%q became %q, and that %q, %v", name, nick, again, bad)
		}
		checkSkeletons(t, nick)
		if fuzztest.MostMarks(nick) > 4 || strings.ContainsFunc(nick, hidden) {
			t.Fatalf("%q became %q", name, nick)
		}
		scripts, zeros := make(map[string]bool), make(map[rune]bool)
		for _, r := range nick {
			scripts[scriptOf(r, nil)] = true
			if unicode.IsDigit(r) {
				zeros[zeroOf(r)] = true
			}
		}
		delete(scripts, "Common")
		delete(scripts, "Inherited")
		if len(zeros) > 1 || len(scripts) > 1 && !scripts["Han"] && !(scripts["Latin"] || scripts["Hiragana"]) {
			t.Fatalf("%q became %q, of %v and digits of %v", name, nick, scripts, zeros)
		}
		for script := range scripts {
			if len(scripts) > 1 && !slices.ContainsFunc(scriptSets, func(set []string) bool { return slices.Contains(set, script) }) {
				t.Fatalf("%q became %q, of %v", name, nick, scripts)
			}
		}
		for _, reserved := range []string{"you", "server", "system", "admin", "partyline"} {
			if shareSkeleton(nick, reserved) {
				t.Fatalf("%q is %s", nick, reserved)
			}
		}
	})
}
