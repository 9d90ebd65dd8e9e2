package socket

import (
	"bytes"
	"testing"
)

// line returns a line of n bytes.
func line(n int) []byte {
	return append(bytes.Repeat([]byte{'x'}, n-1), '\n')
}

// frame returns a WebSocket frame with a payload of n bytes.
func frame(n int) []byte {
	var b []byte
	switch {
	case n < 126:
		b = []byte{0x81, byte(n)}
	case n < 1<<16:
		b = []byte{0x81, 126, byte(n >> 8), byte(n)}
	default:
		b = []byte{0x81, 127, 0, 0, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n)}
	}
	return append(b, bytes.Repeat([]byte{'\n'}, n)...)
}

// TestEnd looks for the end of each frame from each of its bytes.
func TestEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end    End
		frames [][]byte
	}{
		"lines":  {EndOfLine, [][]byte{line(1), line(2), line(1), line(1), line(300)}},
		"frames": {EndOfFrame, [][]byte{frame(0), frame(1), frame(125), frame(126), frame(127), frame(300), frame(1<<16 - 1), frame(1 << 16), frame(0)}},
	} {
		t.Run(name, func(t *testing.T) {
			all := bytes.Join(c.frames, nil)
			begin := 0
			for i, f := range c.frames {
				want := begin + len(f)
				for n := begin + 1; n <= want; n++ {
					if n-begin > 400 && want-n > 400 {
						continue
					}
					if got := c.end(all, n); got != want {
						t.Fatalf("frame %d from %d to %d: it ends at %d from its byte %d", i, begin, want, got, n-1)
					}
				}
				begin = want
			}
		})
	}
}

// TestEndOfPart looks for the end of frames of which the last is not whole.
func TestEndOfPart(t *testing.T) {
	for name, end := range map[string]End{"lines": EndOfLine, "frames": EndOfFrame} {
		for _, part := range [][]byte{{0x81}, frame(5)[:4], frame(300)[:3], frame(300)[:4], frame(1 << 16)[:9], frame(1 << 16)[:10]} {
			if got := end(bytes.ReplaceAll(part, []byte{'\n'}, []byte{'x'}), 1); got != len(part) {
				t.Errorf("%s: a part of %d bytes ends at %d", name, len(part), got)
			}
		}
	}
}
