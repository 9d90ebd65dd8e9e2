package wsgw

import (
	"encoding/binary"
	"testing"
)

// FuzzScanner: how reads part the bytes makes no difference, nothing behind a breach is
// believed, and what the scanner takes for the next header is where a slow reader of
// frames sees one.
func FuzzScanner(f *testing.F) {
	for _, frames := range [][]byte{
		nil,
		frame(0x81, "hello"), frame(0x82, ""), frame(0x89, "ping"), frame(0x88, "\x03\xe8"), frame(0x88, "\x03"),
		frame(0x81, string(make([]byte, 126))), frame(0x81, string(make([]byte, 70_000))),
		join(frame(0x01, "a"), frame(0x89, ""), frame(0x00, "b"), frame(0x80, "c"), frame(0x81, "d")),
		{0x81, 0xfe, 0, 125},
		{0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
		{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0},
		{0x81, 0x02, 'h', 'i', 0x81, 0x00},
		{0xff, 0x7e, 0xff},
	} {
		f.Add(frames, []byte{1})
		f.Add(frames, []byte{7, 2, 200})
	}
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		var whole scanner
		n, _, bad := scan(&whole, stream)
		end, breach := slowly(stream)
		if (bad != nil) != breach {
			t.Fatalf("bad is %v after %d bytes, a breach at %d: %t", bad, n, end, breach)
		}
		if n > len(stream) || breach && n != end || !breach && n != len(stream) {
			t.Fatalf("%d of %d bytes are believed, the end is at %d", n, len(stream), end)
		}
		if len(sizes) == 0 {
			return
		}
		var parts scanner
		believed, i := 0, 0
		for rest := stream; len(rest) > 0; i++ {
			size := min(max(int(sizes[i%len(sizes)]), 1), len(rest))
			k, _, partBad := scan(&parts, rest[:size])
			believed += k
			if partBad != nil {
				// The beginning of a header may have passed before it was known.
				if bad == nil || *partBad != *bad || believed < n || believed >= n+10 {
					t.Fatalf("%v after %d bytes in parts, %v after %d at once", partBad, believed, bad, n)
				}
				return
			}
			if k != size {
				t.Fatalf("%d of %d bytes are believed without a breach", k, size)
			}
			rest = rest[size:]
		}
		if bad != nil {
			t.Fatalf("%v at once, nothing in parts", bad)
		}
	})
}

// slowly reads whole frames, and returns where the first begins that breaks a rule of the
// scanner's, or the end of what can be read.
func slowly(b []byte) (n int, breach bool) {
	fragments := 0
	for {
		rest := b[n:]
		if len(rest) < 2 {
			return n, false
		}
		fin, opcode := rest[0]&0x80 != 0, rest[0]&0x0f
		header, length := 2, uint64(rest[1]&0x7f)
		switch length {
		case 126:
			if header = 4; len(rest) < header {
				return n, false
			}
			if length = uint64(binary.BigEndian.Uint16(rest[2:])); length < 126 {
				return n, true
			}
		case 127:
			if header = 10; len(rest) < header {
				return n, false
			}
			length = binary.BigEndian.Uint64(rest[2:])
			if length <= 0xffff || length >= 1<<63 {
				return n, true
			}
		}
		if opcode == 8 && length == 1 {
			return n, true
		}
		if opcode < 8 {
			if fragments++; fragments > 1000 {
				return n, true
			}
			if fin {
				fragments = 0
			}
		}
		if rest[1]&0x80 != 0 {
			length += 4
		}
		if uint64(len(rest)-header) < length {
			return n, false
		}
		n += header + int(length)
	}
}
