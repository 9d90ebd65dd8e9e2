package tcpgw

import (
	"bytes"
	"strings"
	"testing"
)

// BenchmarkLines splits a stream into lines of 100 bytes, for different sizes of reads.
func BenchmarkLines(b *testing.B) {
	stream := []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 160))
	telnet := bytes.ReplaceAll(stream, []byte("xxxx\n"), []byte("x\xff\xfb\x01\n"))
	for _, c := range []struct {
		name   string
		stream []byte
		read   int
	}{
		{"one a read", stream, 100},
		{"many a read", stream, 16 << 10},
		{"split", stream, 77},
		{"telnet", telnet, 16 << 10},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.stream)))
			l := lines{max: 4096}
			for b.Loop() {
				for rest := c.stream; len(rest) > 0; {
					n := min(c.read, len(rest))
					l.feed(rest[:n])
					rest = rest[n:]
					for ok := true; ok; {
						var err error
						if _, ok, err = l.next(); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
		})
	}
}
