package history

import (
	"strings"
	"testing"
)

// TestParseRecord parses malformed lines. Each error says what is wrong, in one line.
func TestParseRecord(t *testing.T) {
	const message = `{"type":"message","seq":1,"room":"r","id":1,"at":"2026-01-02T03:04:05.678Z","from":"a","via":"tcp","text":"x"}`
	if _, err := ParseRecord([]byte(message)); err != nil {
		t.Fatal(err)
	}
	for old, c := range map[string]struct{ with, want string }{
		message:              {"\xff", "UTF-8"},
		`{"type"`:            {`"type"`, "not a line of an export"},
		`"text":"x"}`:        {`"text":"x"} {}`, "more than one"},
		`"seq":1`:            {`"seq":-1`, "seq"},
		`"type":"message"`:   {`"type":"shout"`, "type"},
		`"room":"r"`:         {`"room":"R"`, "room"},
		`"id":1`:             {`"id":9007199254740992`, "id"},
		`2026-01-02T`:        {`2026-02-30T`, "not a line of an export"},
		`"at":"2026-01-02T0`: {`"ago":"2026-01-02T0`, "unknown field"},
		`"from":"a"`:         {`"from":"a: b"`, "from"},
		`"via":"tcp"`:        {`"via":"t c p"`, "via"},
		`"text":"x"`:         {`"text":"x\u001b[2J"`, "text"},
		`"text":`:            {`"text":"","key":`, "text"},
		`"x"}`:               {`"x","key":"a\u0000"}`, "key"},
	} {
		line := strings.Replace(message, old, c.with, 1)
		_, err := ParseRecord([]byte(line))
		if line == message || err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%s: %v", line, err)
		}
	}
}
