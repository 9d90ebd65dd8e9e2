package hub

import (
	"strings"
	"testing"
	"unicode"
)

func TestPrepareNick(t *testing.T) {
	for wish, want := range map[string]string{
		"alice":                                  "alice",
		"Alice":                                  "Alice",
		"a":                                      "a",
		"7of9":                                   "7of9",
		"a_b-c.d":                                "a_b-c.d",
		"a..":                                    "a..",
		strings.Repeat("n", 32):                  strings.Repeat("n", 32),
		strings.Repeat("é", 32):                  strings.Repeat("é", 32),
		strings.Repeat("e\u0301", 32):            strings.Repeat("é", 32), // composed
		strings.Repeat("ａ", 32):                  strings.Repeat("a", 32), // of one width
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
		"Ali":                                    "Ali",
		"admins":                                 "admins",
		"adm\u00adin":                            "",
		strings.Repeat("e\u0301", 33):            "",
		"a" + strings.Repeat("\u0301\u0323", 16): "",
	} {
		got, bad := prepareNick(wish)
		switch {
		case want == "" && bad == nil:
			t.Errorf("%.40q became %q", wish, got)
		case want == "" && bad.Code != CodeNickInvalid:
			t.Errorf("%.40q: %s", wish, bad.Code)
		case want != "" && bad != nil:
			t.Errorf("%.40q: refused: %s", wish, bad.Message)
		case got != want:
			t.Errorf("%.40q became %q, want %q", wish, got, want)
		}
	}
}

func TestPrepareRoom(t *testing.T) {
	for wish, want := range map[string]string{
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
		"\u212aelvin":           "", // the sign, whose lower case is k
		"ops\n":                 "",
		"\x00":                  "",
		"\xff":                  "",
	} {
		got, bad := prepareRoom(wish)
		if got != want || (bad == nil) != (want != "") {
			t.Errorf("%q became %q, %v; want %q", wish, got, bad, want)
		}
		if bad != nil && bad.Code != CodeRoomInvalid {
			t.Errorf("%q: %s", wish, bad.Code)
		}
	}
}

func TestGuestNick(t *testing.T) {
	for range 100 {
		guest := guestNick()
		nick, bad := prepareNick(guest)
		if bad != nil || nick != guest || len(guest) != len("guest-")+4 {
			t.Fatalf("%q: %v", guest, bad)
		}
		if look := nickKey(guest); look != guest {
			t.Fatalf("%q looks like %q", guest, look)
		}
	}
}

// hidden reports the characters that are invisible, blank, or turn their neighbours around.
func hidden(r rune) bool {
	return invisible(r) || unicode.In(r,
		unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Bidi_Control,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Join_Control, unicode.White_Space)
}

// TestNicksShowAll: no such character is in a name, wherever it stands.
func TestNicksShowAll(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		if !hidden(r) {
			continue
		}
		for _, wish := range []string{"a%b", "%", "%b", "a%", "ب%ب", "क्%ष", "ක්%", "가%", "1%2"} {
			wish = strings.ReplaceAll(wish, "%", string(r))
			if nick, bad := prepareNick(wish); bad == nil {
				t.Errorf("%q became %q", wish, nick)
			}
		}
	}
}
