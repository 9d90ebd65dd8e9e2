// Package fuzztest has inputs and checks for fuzz tests. It imports nothing of the module, so that
// tests of any package can use it.
package fuzztest

import (
	"strings"
	"unicode"
)

// Lines are lines that a client may send in either format, with and without errors.
var Lines = []string{
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

// IsMark reports whether r is a mark without a width of its own.
func IsMark(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me) }

// MostMarks returns the largest number of marks on one character of s. Format characters between
// them do not count.
func MostMarks(s string) (highest int) {
	marks := 0
	for _, r := range s {
		switch {
		case IsMark(r):
			marks++
		case !unicode.Is(unicode.Cf, r):
			marks = 0
		}
		highest = max(highest, marks)
	}
	return highest
}
