//go:build linux

package load

import (
	"strings"
	"testing"
)

func TestSplitter(t *testing.T) {
	var frames []byte
	var want []string
	for _, n := range []int{0, 1, 125, 126, 4000, 70000} {
		payload := strings.Repeat("x", n)
		want = append(want, payload)
		switch {
		case n < 126:
			frames = append(frames, finText, byte(n))
		case n < 1<<16:
			frames = append(frames, finText, 126, byte(n>>8), byte(n))
		default:
			frames = append(frames, finText, 127, 0, 0, 0, 0, 0, byte(n>>16), byte(n>>8), byte(n))
		}
		frames = append(frames, payload...)
	}
	for name, c := range map[string]struct {
		ws    bool
		bytes []byte
	}{
		"frames": {true, frames},
		"lines":  {false, []byte(strings.Join(want, "\n") + "\n")},
	} {
		for _, part := range []int{1, 2, 3, 100, 1 << 20} {
			s := splitter{ws: c.ws}
			var got []string
			for rest := c.bytes; len(rest) > 0; {
				read := rest[:min(part, len(rest))]
				rest = rest[len(read):]
				for len(read) > 0 {
					content, n, ok := s.next(read)
					read = read[n:]
					if ok {
						got = append(got, string(content))
					}
				}
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s in parts of %d: %d frames, want %d", name, part, len(got), len(want))
			}
		}
	}
}
