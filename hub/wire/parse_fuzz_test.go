package wire

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"partyline/hub/clean"
	"partyline/hub/hubtest/fuzztest"
)

// commandLine matches the lines that are commands.
var commandLine = regexp.MustCompile(`^/[A-Za-z][A-Za-z0-9_-]*(?:[ \t]|\z)`)

func FuzzText(f *testing.F) {
	for _, s := range fuzztest.Lines {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) || strings.Contains(line, "\n") {
			return // no transport passes it to the hub
		}
		if q, bad := ParseText(line, true); clean.Visible(line) && (bad != nil || *q != Request{Verb: VerbSay, Text: clean.Text(line)}) ||
			!clean.Visible(line) && q != nil || isBlank(line) && bad != nil {
			t.Fatalf("%q verbatim: %+v, %v", line, q, bad)
		}
		q, bad := ParseText(line, false)
		if bad != nil {
			checkRefusal(t, bad)
			if clean.Visible(line) && !commandLine.MatchString(line) {
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
		if strings.Contains(q.Text, "\n") {
			t.Fatalf("one line became %q", q.Text)
		}
		want := line
		if commandLine.MatchString(strings.TrimPrefix(line, "/")) && strings.HasPrefix(line, "//") {
			want = line[1:]
		}
		if q.Verb == VerbSay && q.Text != clean.Text(want) || (q.Verb == VerbSay) == commandLine.MatchString(line) {
			t.Fatalf("%q became %q of %q", line, q.Verb, q.Text)
		}
	})
}

func FuzzJSON(f *testing.F) {
	const maxLine = 64
	for _, s := range fuzztest.Lines {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) {
			return
		}
		q, bad := ParseJSON([]byte(line), maxLine)
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
		checkTokens(t, q.Ref, q.Key)
		if strings.Contains(q.Text, "\r") || strings.Count(q.Text, "\n") >= MaxTextLines {
			t.Fatalf("the text is %q", q.Text)
		}
		if (q.Verb == VerbSay || q.Verb == VerbMe || q.Verb == VerbMsg) && isBlank(q.Text) {
			t.Fatalf("%s says nothing", q.Verb)
		}
	})
}

// checkRequest checks the guarantees of ParseText and ParseJSON.
func checkRequest(t *testing.T, q *Request, maxText int) {
	t.Helper()
	checkCleanText(t, q.Text)
	// A byte may become U+FFFD, which has three.
	if len(q.Text) > 3*maxText {
		t.Fatalf("a text of %d bytes", len(q.Text))
	}
	if q.ID < 0 || q.Limit < 0 {
		t.Fatalf("id %d, limit %d", q.ID, q.Limit)
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

// checkRefusal checks that a refusal is one short clean line in text, and an object in JSON.
func checkRefusal(t *testing.T, bad *Refusal) {
	t.Helper()
	line := bad.AppendText(nil)
	checkCleanText(t, string(line))
	if len(line) > 500 || bytes.ContainsAny(line, "\r\n") {
		t.Fatalf("refused with %q", line)
	}
	if object := bad.AppendJSON(nil); !json.Valid(object) || bytes.ContainsAny(object, "\r\n") {
		t.Fatalf("refused with %q", object)
	}
}

func checkCleanText(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || clean.Text(s) != s {
		t.Fatalf("%q is not clean", s)
	}
}

// FuzzScanFields compares scanFields with decodeFields.
func FuzzScanFields(f *testing.F) {
	for _, s := range fuzztest.Lines {
		f.Add(s)
	}
	for _, s := range []string{
		`{"type":"say","text":"hello","key":"k","ref":"r"}`, `{ "type" : "since" , "id":1042,"limit":0 }`,
		`{"type":"say","text":null,"text":"b","text":"c"}`, `{"a":01}`, `{"a":1.5}`, `{"a":true,"b":false,"c":nul}`,
		`{"a":"b"}}`, `{"a":"b",}`, `{}`, `{"a":"\u0041"}`, "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", `{"a":1e5}`, `{"a":{}}`,
		`{"type":"say","texts":["a", "b\\"\\u00e9" ],"key":"k","number":3}`, `{"a":[]}`, `{"a":["b",]}`, `{"a":["b" "c"]}`, `{"a":["\x"]}`, `{"a":["b"]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if line == "" {
			return
		}
		scanned, ok := scanFields([]byte(line))
		if !ok {
			return
		}
		decoded, ok := decodeFields([]byte(line))
		if !ok {
			t.Fatalf("%q is no object", line)
		}
		names := make(map[string]bool)
		for _, field := range scanned {
			names[field.name] = true
			got, given := scanned.raw(field.name)
			want, wanted := decoded.raw(field.name)
			if string(got) != string(want) || given != wanted {
				t.Fatalf("%q: the field %q is %q, %v, want %q, %v", line, field.name, got, given, want, wanted)
			}
		}
		if len(names) != len(decoded) {
			t.Fatalf("%q has the fields %v, want %d", line, names, len(decoded))
		}
	})
}
