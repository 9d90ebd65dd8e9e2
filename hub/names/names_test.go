package names

import (
	"strings"
	"testing"
	"unicode"

	"partyline/hub/clean"
)

func TestNick(t *testing.T) {
	for name, want := range map[string]string{
		"alice":                                  "alice",
		"Alice":                                  "Alice",
		"a":                                      "a",
		"7of9":                                   "7of9",
		"a_b-c.d":                                "a_b-c.d",
		"a..":                                    "a..",
		strings.Repeat("n", 32):                  strings.Repeat("n", 32),
		strings.Repeat("é", 32):                  strings.Repeat("é", 32),
		strings.Repeat("e\u0301", 32):            strings.Repeat("é", 32), // composed
		strings.Repeat("ａ", 32):                  strings.Repeat("a", 32), // full width
		"a\u0336b":                               "a\u0336b",
		"Straße":                                 "Straße",
		"Ω":                                      "Ω",
		"محمد":                                   "محمد",
		"שלום":                                   "שלום",
		"李雷":                                     "李雷",
		"\u1112\u1161\u11ab":                     "한",
		"٣٤":                                     "", // a name of digits reads from the left
		"yours":                                  "yours",
		"guest-abcd":                             "guest-abcd",
		"":                                       "",
		" ":                                      "",
		" alice":                                 "",
		"al ice":                                 "",
		"al\u00a0ice":                            "",
		"_alice":                                 "",
		"-alice":                                 "",
		".alice":                                 "",
		"\u0301a":                                "",
		"alice:":                                 "",
		"a->b":                                   "",
		"#alice":                                 "",
		"/alice":                                 "",
		"a\nb":                                   "",
		"a\x00":                                  "",
		"a\x1b[1m":                               "",
		"a\u200db":                               "",
		"a\u202eb":                               "",
		"a\ufeff":                                "",
		"a\u2028":                                "",
		"aم":                                     "", // in both directions
		"😀":                                      "",
		"Ⅳ":                                      "",
		"ﬁ":                                      "",
		"\xff":                                   "",
		"\ufffd":                                 "",
		strings.Repeat("n", 33):                  "",
		strings.Repeat("é", 33):                  "",
		strings.Repeat("n", 10_000):              "",
		"you":                                    "",
		"YOU":                                    "",
		"ｙｏｕ":                                    "",
		"Server":                                 "",
		"system":                                 "",
		"ADMIN":                                  "",
		"partyline":                              "",
		"\u202dadmin":                            "",
		"adm1n":                                  "",
		"ADMlN":                                  "",
		"adrnin":                                 "",
		"y0u":                                    "",
		"ЅУЅ":                                    "ЅУЅ",
		"Moderator":                              "",
		"r00t":                                   "",
		"everyone":                               "",
		"Ali":                                    "Ali",
		"admins":                                 "admins",
		"adm\u00adin":                            "",
		strings.Repeat("e\u0301", 33):            "",
		"a" + strings.Repeat("\u0301\u0323", 16): "",

		// One script, or one set of scripts.
		"Дмитрий":      "Дмитрий",
		"Ελένη_7":      "Ελένη_7",
		"עִבְרִית":     "עִבְרִית",
		"田中さんタロー":      "田中さんタロー",
		"Suzukiの鈴木":    "Suzukiの鈴木",
		"Lin林ㄌㄧㄣ":      "Lin林ㄌㄧㄣ",
		"Kim김金":        "Kim김金",
		"i\u02bbokina": "iʻokina", // common to all scripts
		"аlice":        "",        // Cyrillic а
		"alicе":        "",        // Cyrillic е
		"Αlice":        "",        // Greek Α
		"раураl":       "",        // a Latin l
		"김さん":          "",
		"김ㄌ":           "",
		"さんДа":         "",
		"林Да":          "",
		"a\u093e":      "", // a Devanagari vowel sign
		"a\u0967":      "", // a Devanagari digit

		// One set of digits.
		"अ१२":           "अ१२",
		"अ12":           "अ12",
		"अ१2":           "",
		"1अ१":           "",
		"م\u06f1":       "م۱",
		"م\u06f1\u0661": "",

		// Marks.
		"q\u0323\u0307":                   "q̣̇",
		"q\u0323\u0307\u0304":             "",
		"q\u0323\u0307q\u0323\u0307":      "q̣̇q̣̇",  // not too many on either letter
		"e\u0302\u0301\u0323":             "ệ\u0301", // one composed letter, one mark
		"q\u0301\u0301":                   "",
		"e\u0301\u0301":                   "",
		"ω\u0314\u0342\u0345":             "ᾧ",
		"ที่นี่":                          "ที่นี่",
		"ท\u0e35\u0e48\u0e48":             "",
		"मुंबई":                           "मुंबई",
		"ज़िंदगी":                         "ज\u093cिंदगी",
		"ש\u05c1\u05bc\u05b8ם":            "ש\u05b8\u05bc\u05c1ם",
		"မြို့":                           "မြို့",
		"ညွှိုး":                          "ညွှိုး",
		"བསྒྲུབས":                         "བསྒྲུབས",
		"מ\u05b0\u05b1\u05b2\u05b3\u05b4": "",
	} {
		got, bad := Nick(name)
		switch {
		case want == "" && bad == nil:
			t.Errorf("%.40q became %q", name, got)
		case want != "" && bad != nil:
			t.Errorf("%.40q: refused: %v", name, bad)
		case got != want:
			t.Errorf("%.40q became %q, want %q", name, got, want)
		}
	}
}

func TestRoom(t *testing.T) {
	for name, want := range map[string]string{
		"lobby":                 "lobby",
		"Lobby":                 "lobby",
		"a":                     "a",
		"_-9":                   "_-9",
		strings.Repeat("R", 64): strings.Repeat("r", 64),
		strings.Repeat("r", 65): "",
		"":                      "",
		"#ops":                  "",
		"a b":                   "",
		" ops":                  "",
		"a.b":                   "",
		"ä":                     "",
		"\u212aelvin":           "", // the Kelvin sign, whose lower case is k
		"ops\n":                 "",
		"\x00":                  "",
		"\xff":                  "",
	} {
		got, bad := Room(name)
		if got != want || (bad == nil) != (want != "") {
			t.Errorf("%q became %q, %v; want %q", name, got, bad, want)
		}
	}
}

func TestGuest(t *testing.T) {
	for range 100 {
		guest := Guest()
		nick, bad := Nick(guest)
		if bad != nil || nick != guest || len(guest) != len("guest-")+4 || !strings.HasPrefix(guest, "guest-") || strings.Contains(guest, ".") {
			t.Fatalf("%q: %v", guest, bad)
		}
		if s := firstSkeleton(guest); s != guest {
			t.Fatalf("the skeleton of %q is %q", guest, s)
		}
	}
}

// hidden reports whether r is invisible or blank, or changes the direction of other characters.
func hidden(r rune) bool {
	return !clean.Visible(string(r)) || unicode.In(r,
		unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Bidi_Control,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Join_Control, unicode.White_Space)
}

// TestNickHidden checks that no nickname has a hidden character in any position.
func TestNickHidden(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		if !hidden(r) {
			continue
		}
		for _, name := range []string{"a%b", "%", "%b", "a%", "ب%ب", "क्%ष", "ක්%", "가%", "1%2"} {
			name = strings.ReplaceAll(name, "%", string(r))
			if nick, bad := Nick(name); bad == nil {
				t.Errorf("%q became %q", name, nick)
			}
		}
	}
}
