package wsgw

import (
	"bytes"
	"strings"
	"testing"

	"partyline/hub/wire"
)

// BenchmarkScanner scans the frames of messages.
func BenchmarkScanner(b *testing.B) {
	for name, stream := range map[string][]byte{
		"100 bytes": bytes.Repeat(frame(finText, strings.Repeat("x", 100)), 150),
		"4 KiB":     bytes.Repeat(frame(finText, strings.Repeat("x", 4096)), 4),
		"fragments": fragments(1000),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(stream)))
			for b.Loop() {
				s := scanner{maxFragments: MaxFragments}
				for rest := stream; len(rest) > 0; {
					n, _, err := s.next(rest)
					if err != nil {
						b.Fatal(err)
					}
					rest = rest[n:]
				}
			}
		})
	}
}

// BenchmarkFrames encodes a message of 100 bytes.
func BenchmarkFrames(b *testing.B) {
	m := &wire.Message{ID: 28374650912345, Room: "lobby", From: "guest-1f2e", Via: "ws", Text: strings.Repeat("x", 100)}
	buf := make([]byte, 0, 1024)
	for name, f := range map[string]codec{"text": {wire.Text}, "json": {wire.JSON}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Append(buf, m)
			}
		})
	}
}
