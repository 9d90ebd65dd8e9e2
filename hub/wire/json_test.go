package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// TestAppendQuoted decodes the quoted string with encoding/json.
func TestAppendQuoted(t *testing.T) {
	var all strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r += 1 + r/512 {
		if utf8.ValidRune(r) {
			all.WriteRune(r)
		}
	}
	for _, text := range []string{
		"", "hello", `"quoted" \ back`, "\x00\x01\x1f\x7f", "a\nb\tc\rd", "Grüße 👩🏽\u200d🚀",
		"\u2028\u2029", "\u2027\u202a", "�", "<b>&amp;</b>", all.String(), strings.Repeat("\"", 5000),
	} {
		quoted := AppendQuoted([]byte("x"), text)[1:]
		var got string
		if err := json.Unmarshal(quoted, &got); err != nil {
			t.Errorf("%.40q: %v", text, err)
		} else if got != text {
			t.Errorf("%.40q became %.40q", text, got)
		}
		for _, unsafe := range []string{"\n", "\r", "\x00", "\x1b", "\x7f", "\u2028", "\u2029"} {
			if strings.Contains(string(quoted), unsafe) {
				t.Errorf("%.40q: %q is not escaped", text, unsafe)
			}
		}
	}
}

// TestAppendQuotedInvalid checks that invalid UTF-8 is encoded as encoding/json encodes it.
func TestAppendQuotedInvalid(t *testing.T) {
	for _, text := range []string{"\xff", "a\x80b", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ok\xc0\xafok"} {
		quoted := AppendQuoted(nil, text)
		theirs, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var got, want string
		if err := json.Unmarshal(quoted, &got); err != nil || !utf8.Valid(quoted) {
			t.Errorf("%q: %q, %v", text, quoted, err)
		}
		if err := json.Unmarshal(theirs, &want); err != nil || got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestAppendTime compares times with those of package time.
func TestAppendTime(t *testing.T) {
	zone := time.FixedZone("west", -3600)
	for _, at := range []time.Time{
		{},
		time.Unix(0, 0), time.Date(2026, 11, 24, 17, 20, 5, 7_999_999, time.UTC), time.Date(2026, 2, 28, 23, 59, 59, 999_999_999, zone),
		time.Date(999, 12, 31, 23, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 0, 0, zone), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		want := `{"at":"` + at.UTC().Format("2006-01-02T15:04:05.000Z07:00") + `"`
		if got := string(appendTime([]byte("{"), "at", at)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
