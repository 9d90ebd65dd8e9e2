package hub

import (
	"strings"
	"testing"
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

// TestNickKey: names that differ in case alone are one name.
func TestNickKey(t *testing.T) {
	for _, same := range [][]string{
		{"alice", "Alice", "ALICE"},
		{"straße", "STRAẞE", "Straße"},
		{"σίσυφος", "ΣΊΣΥΦΟΣ", "Σίσυφοσ"},
		{"éa", "ÉA", "e\u0301a"},
		{"дом", "ДОМ"},
		{"ꮄ", "Ꮄ"},
		{"ა", "Ა"},
		{"ǆ", "ǅ", "Ǆ"},
	} {
		for _, nick := range same[1:] {
			if nickKey(nick) != nickKey(same[0]) {
				t.Errorf("%q and %q are two names", same[0], nick)
			}
		}
	}
	for _, different := range [][2]string{{"alice", "alise"}, {"ı", "i"}, {"e", "é"}, {"a", "а"}} {
		if nickKey(different[0]) == nickKey(different[1]) {
			t.Errorf("%q and %q are one name", different[0], different[1])
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
	}
}
