package wire

import (
	"strings"
	"testing"
	"time"
)

func BenchmarkParseText(b *testing.B) {
	for name, line := range map[string]string{
		"message":  "hello, is anybody there? " + strings.Repeat("x", 75),
		"unicode":  strings.Repeat("grüße ", 14),
		"cyrillic": strings.Repeat("привет ", 8),
		"emoji":    strings.Repeat("👩\u200d👩\u200d👧\u200d👦", 4),
		"controls": strings.Repeat("\x1b[2Jboo ", 12),
		"command":  "/msg alice are you there?",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, bad := ParseText(line, false); bad != nil {
					b.Fatal(bad)
				}
			}
		})
	}
}

func BenchmarkParseJSON(b *testing.B) {
	for name, line := range map[string]string{
		"message": `{"type":"say","text":"` + strings.Repeat("x", 100) + `"}`,
		"keyed":   `{"type":"say","text":"hello","key":"5a3c1c5e-8a0e-4d2f-9f59-0d6d0f1f3c11","ref":"17"}`,
		"escapes": `{"type":"say","text":"one\ntwo \"three\" \u00fc"}`,
		"since":   `{"type":"since","id":28374650912345,"limit":100}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, bad := ParseJSON([]byte(line), 4096); bad != nil {
					b.Fatal(bad)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	m := &Message{
		ID: 28374650912345, At: time.Now(), Room: "lobby", From: "guest-1f2e", Via: "tcp",
		Text: strings.Repeat("x", 100),
	}
	buf := make([]byte, 0, 1024)
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.AppendText(buf)
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.AppendJSON(buf)
		}
	})
}
