package hub

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var seeds = []string{
	"", " \t ", "hello", "/", "//x", "/me waves", "/ME\twaves ", "/msg bob hi", "/nick  al", "/join #ops",
	"//quit", "///quit", "/etc/passwd", "/bin/sh: 1: foo: not found", "// x", "/* y */", "/a-B_9\tx", "/etc", "//etc/x", "/2", "/who\r",
	"/history 5", "/since 99999999999999999999", "/quit bye\x07", "/format JSON", "/who x", "/\u202ewho",
	"a\x00\x1b[2J\u009b\u2028b", "\ufeff", "\u200b", "\u212a", strings.Repeat("/x", 100), "GET / HTTP/1.1",
	`{"type":"say","text":"hi","ref":"1","key":"k"}`, `{"type":"say","text":"\u0000a\r\n\n\ud800"}`,
	`{"type":"me","text":null}`, `{"type":"msg","to":"b\nob","text":"x"}`, `{"type":"nick","nick":"ß"}`,
	`{"type":"join","room":"#x"}`, `{"type":"history","before":1e400,"limit":0.5}`, `{"type":"since","id":-1}`,
	`{"type":"since","id":9223372036854775808,"limit":501}`, `{"type":"quit","text":"a\nb"}`, `{"type":"\u001b"}`,
	"/search a \x07 b", `{"type":"search","words":"a\r\u202e\nb","before":1e9,"limit":2}`,
	`{"type":"search","words":"` + strings.Repeat(`\n`, 40) + `"}`,
	`{"type":"format","format":"text"}`, `[]`, `null`, `{"type":"who"}{}`, `{"ref":"` + strings.Repeat("r", 65) + `"}`,
}

// aCommand matches the lines of text that ask for something.
var aCommand = regexp.MustCompile(`^/[A-Za-z][A-Za-z0-9_-]*(?:[ \t]|\z)`)

func FuzzText(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) || strings.Contains(line, "\n") {
			return // no Conn passes it on
		}
		if q, bad := parseText(line, true); Visible(line) && (bad != nil || *q != request{verb: verbSay, text: Clean(line)}) ||
			!Visible(line) && q != nil || blank(line) && bad != nil {
			t.Fatalf("%q verbatim: %+v, %v", line, q, bad)
		}
		q, bad := parseText(line, false)
		if bad != nil {
			checkRefusal(t, bad)
			if Visible(line) && !aCommand.MatchString(line) {
				t.Fatalf("%q is refused: %s", line, bad.Message)
			}
			return
		}
		if q == nil {
			if strings.TrimSpace(line) != "" {
				t.Fatalf("%q is ignored", line)
			}
			return
		}
		checkRequest(t, q, len(line))
		if strings.Contains(q.text, "\n") {
			t.Fatalf("one line became %q", q.text)
		}
		want := line
		if aCommand.MatchString(strings.TrimPrefix(line, "/")) && strings.HasPrefix(line, "//") {
			want = line[1:]
		}
		if q.verb == verbSay && q.text != Clean(want) || (q.verb == verbSay) == aCommand.MatchString(line) {
			t.Fatalf("%q became %q of %q", line, q.verb, q.text)
		}
	})
}

func FuzzJSON(f *testing.F) {
	const maxLine = 64
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) {
			return
		}
		q, bad := parseJSON([]byte(line), maxLine)
		if bad != nil {
			checkRefusal(t, bad)
			checkTokens(t, bad.Ref, bad.Key)
			return
		}
		if q == nil {
			if strings.TrimSpace(line) != "" {
				t.Fatalf("%q is ignored", line)
			}
			return
		}
		if !json.Valid([]byte(line)) {
			t.Fatalf("%q is taken for JSON", line)
		}
		checkRequest(t, q, maxLine)
		checkTokens(t, q.ref, q.key)
		if strings.Contains(q.text, "\r") || strings.Count(q.text, "\n") >= maxTextLines {
			t.Fatalf("the text is %q", q.text)
		}
		if (q.verb == verbSay || q.verb == verbMe || q.verb == verbMsg) && blank(q.text) {
			t.Fatalf("%s says nothing", q.verb)
		}
	})
}

// checkRequest checks what everybody else may rely on.
func checkRequest(t *testing.T, q *request, maxText int) {
	t.Helper()
	checkClean(t, q.text)
	// A byte that is replaced grows to three.
	if len(q.text) > 3*maxText {
		t.Fatalf("a text of %d bytes", len(q.text))
	}
	if q.id < 0 || q.limit < 0 {
		t.Fatalf("id %d, limit %d", q.id, q.limit)
	}
}

func checkTokens(t *testing.T, tokens ...string) {
	t.Helper()
	for _, s := range tokens {
		if len(s) > 64 || strings.ContainsAny(s, "\x00\n\x1b\x7f\u0085") {
			t.Fatalf("%q is taken for a ref or key", s)
		}
	}
}

// checkRefusal: what is quoted back is one short line in text, and an object in JSON.
func checkRefusal(t *testing.T, bad *Refusal) {
	t.Helper()
	line := bad.AppendText(nil)
	checkClean(t, string(line))
	if len(line) > 500 || bytes.ContainsAny(line, "\r\n") {
		t.Fatalf("refused with %q", line)
	}
	if object := bad.AppendJSON(nil); !json.Valid(object) || bytes.ContainsAny(object, "\r\n") {
		t.Fatalf("refused with %q", object)
	}
}

func checkClean(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unsafeRune) || highestPile(s) > 8 {
		t.Fatalf("%q is not clean", s)
	}
}

// highestPile counts the marks that stand on one character, whatever unseen is between.
func highestPile(s string) (highest int) {
	marks := 0
	for _, r := range s {
		switch {
		case isPiling(r):
			marks++
		case !unicode.Is(unicode.Cf, r):
			marks = 0
		}
		highest = max(highest, marks)
	}
	return highest
}

func isPiling(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me) }

func FuzzClean(f *testing.F) {
	for _, s := range append(seeds, family, "e\u0301", "ก็", "a"+strings.Repeat("\u0301\u200d", 9)+"\x07\u0489",
		strings.Repeat("\u20dd", 12), "\ufe0f\u20e3\U000e0067\U000e0100",
		"\x1b[32mPASS\x1b[39m", "\x1b(B\x1b[m", "\x1b]8;;x\x1b\\y\x1b]\a", "\x1bPq\x1b\x1b[0m[0m\x1b\\", "\x1b\x1b[1\nm\x1b[?1;2 qx",
		"a"+strings.Repeat("\u0301\x1b[m", 9), "\x1b]a\u009c\x1b_\t\x1b\\\x1bX\u2028") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := Clean(s)
		if strings.ContainsFunc(clean, unsafeRune) || Clean(clean) != clean {
			t.Fatalf("%q became %q", s, clean)
		}
		if !utf8.ValidString(s) {
			return
		}
		checkClean(t, clean)
		first, rest, several := strings.Cut(s, "\n")
		if several && clean != Clean(first)+"\n"+Clean(rest) {
			t.Fatalf("%q became %q, but its lines %q and %q", s, clean, Clean(first), Clean(rest))
		}
		// Of what is in no escape sequence, each character that is no mark has one for it,
		// and so has every mark of a low pile.
		plain := completeSequence.ReplaceAllString(s, "")
		if Visible(s) != Visible(plain) && !strings.Contains(plain, "\x1b") {
			t.Fatalf("%q: visible is %t", s, Visible(s))
		}
		left, low := []rune(clean), highestPile(plain) <= 8
		for _, r := range plain {
			switch {
			case len(left) > 0 && (left[0] == r || left[0] == unicode.ReplacementChar && unsafeRune(r)):
				left = left[1:]
			case !isPiling(r) || low:
				t.Fatalf("%q became %q: no %q", s, clean, r)
			}
		}
		if len(left) > 0 {
			t.Fatalf("%q became %q: it has more", s, clean)
		}
	})
}

func FuzzNick(f *testing.F) {
	for _, s := range append(seeds, "alice", "Straße", "ＡＢＣ", "e\u0301\u0323", "Ω\u0345", "محمد", "שלום1", "٣٤",
		"İ", "ſ", "ǅ", "가", "\u1100\u1161", "ﬁ", "º", "Ⅳ", "a\u200db", "ℵ", "𝐀", "ꮄ", "Ꮄ",
		"a1Ice", "ΝιΚΗ", "ВОВ", "ҋ", "ᾳ", "ы", "田中さんタロー", "Kim김金", "अ१२", "ज\u093cिंदगी", "adm1n") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, wish string) {
		nick, bad := prepareNick(wish)
		if bad != nil {
			checkRefusal(t, bad)
			return
		}
		checkClean(t, nick)
		if n := utf8.RuneCountInString(nick); n < 1 || n > maxNick || strings.ContainsAny(nick, " \t\n:>*~=!") {
			t.Fatalf("%q became %q", wish, nick)
		}
		again, bad := prepareNick(nick)
		if bad != nil || again != nick {
			t.Fatalf("%q became %q, and that %q, %v", wish, nick, again, bad)
		}
		checkLooks(t, nick)
		if highestPile(nick) > 4 || strings.ContainsFunc(nick, hidden) {
			t.Fatalf("%q became %q", wish, nick)
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
			t.Fatalf("%q became %q, of %v and digits of %v", wish, nick, scripts, zeros)
		}
		for name := range scripts {
			if len(scripts) > 1 && !slices.ContainsFunc(writings, func(w []string) bool { return slices.Contains(w, name) }) {
				t.Fatalf("%q became %q, of %v", wish, nick, scripts)
			}
		}
		for _, house := range []string{"you", "server", "system", "admin", "partyline"} {
			if alike(nick, house) {
				t.Fatalf("%q is %s", nick, house)
			}
		}
	})
}
