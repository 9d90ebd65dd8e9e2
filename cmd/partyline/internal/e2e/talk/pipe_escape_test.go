//go:build unix

package talk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/fuzztest"
)

// hostileTexts returns texts that would drive a terminal.
func hostileTexts() (texts []string) {
	for text := range fuzztest.Escapes {
		texts = append(texts, text)
	}
	for c := range 0x20 {
		texts = append(texts, "a"+string(rune(c))+"b")
	}
	for c := rune(0x7f); c < 0xa0; c++ {
		texts = append(texts, "a"+string(c)+"b")
	}
	for _, c := range "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		texts = append(texts, "a"+string(c)+"b")
	}
	return append(texts, "a\x80b", "a\x9b31mb", "a\xffb", "a\xc2", "\xed\xa0\x80")
}

// quoteRaw returns a JSON string with as many characters of s unescaped as JSON permits, and bytes that are not
// UTF-8 as they are.
func quoteRaw(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c < 0x20:
			fmt.Fprintf(&b, `\u%04x`, c)
		case c == '"', c == '\\':
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}

// TestPipeEscapes connects to servers that send texts with escape sequences and control characters, in each
// field of each event. None of them comes out.
func TestPipeEscapes(t *testing.T) {
	var events strings.Builder
	id := 0
	for _, text := range hostileTexts() {
		id++
		event := strings.NewReplacer("ID", fmt.Sprint(id), "X", quoteRaw(text)).Replace(
			`{"type":"message","id":ID,"at":"2026-11-24T17:20:00.000Z","room":X,"from":X,"via":X,"text":X}
{"type":"private","at":"2026-11-24T17:20:00.000Z","from":X,"to":X,"text":X}
{"type":"join","at":"2026-11-24T17:20:00.000Z","room":X,"nick":X,"via":X}
{"type":"leave","at":"2026-11-24T17:20:00.000Z","room":X,"nick":X,"text":X}
{"type":"nick","at":"2026-11-24T17:20:00.000Z","room":X,"nick":X,"to":X}
{"type":"notice","code":X,"message":X}
{"type":"error","code":X,"message":X,"ref":X,"key":X}
{"type":"welcome","room":X,"nick":X,"members":[{"nick":X,"via":X}],"count":1,"last":ID,"server":{"name":X,"version":X}}
`)
		events.WriteString(event)
	}
	end := fmt.Sprintf(`{"type":"message","id":%d,"at":"2026-11-24T17:20:00.000Z","room":"lobby","from":"bob","via":"tcp","text":"the end"}`+"\n", id+1)
	for _, args := range [][]string{nil, {"--json"}} {
		p := startTalk(t, append([]string{harness.ListenAndSend(t, harness.FakeWelcome+events.String()+end, false)}, args...)...)
		harness.ExpectLine(t, p.Out, ".*the end.*")
		p.Kill(t)
		out, errs := p.Out.All(), p.Err.All()
		checkPlain(t, "standard output", out)
		checkPlain(t, "standard error", errs)
		if len(out) < 6*len(hostileTexts()) || len(errs) < len(hostileTexts()) {
			t.Errorf("it printed %d events and %d errors for %d texts", len(out), len(errs), len(hostileTexts()))
		}
		for _, line := range out {
			if len(args) > 0 && !json.Valid([]byte(line)) {
				t.Errorf("%q is not JSON", line)
			}
		}
	}
}

// TestPipeEscapesInErrors connects to servers that refuse a client, or end its session, with such texts.
func TestPipeEscapesInErrors(t *testing.T) {
	for _, sent := range []string{
		"! X\n-- goodbye --\n",
		harness.FakeWelcome + `{"type":"bye","reason":"X","reconnect":false}` + "\n",
		"HTTP/1.1 403 X\r\nContent-Length: 300\r\n\r\nX\n",
		"HTTP/1.1 302 X\r\nLocation: X\r\n\r\nX\n",
	} {
		for _, text := range []string{"\x1b[31mred", "\x1b]0;title\a", "a\u009b31mb", "a\x9bb", "\u202eb", "a\x1bb", "a\x00b"} {
			address := harness.ListenAndSend(t, strings.ReplaceAll(sent, "X", text), true)
			if strings.Contains(sent, "HTTP") {
				address = "ws://" + address
			} else if strings.Contains(sent, "bye") {
				address = harness.ListenAndSend(t, strings.ReplaceAll(sent, "X", strings.Trim(quoteRaw(text), `"`)), true)
			}
			p := startTalk(t, address)
			if code := p.ExitCode(t, harness.Patience); code == 0 || len(p.Err.All()) == 0 {
				t.Errorf("%q: exit status %d, %s", sent, code, p.Err)
			}
			checkPlain(t, "standard output", p.Out.All())
			checkPlain(t, "standard error", p.Err.All())
		}
	}
}

// checkPlain checks that lines are UTF-8 without control characters but TAB, and without characters that change
// the direction of text.
func checkPlain(t *testing.T, where string, lines []string) {
	t.Helper()
	for _, line := range lines {
		if i := bytes.IndexFunc([]byte(line), func(r rune) bool {
			return r < 0x20 && r != '\t' || 0x7f <= r && r < 0xa0 || 0x2028 <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069
		}); i >= 0 || !utf8.ValidString(line) {
			t.Errorf("%s has %q", where, line)
		}
	}
}
