package wsgw

import (
	"bytes"
	"slices"
	"testing"
)

// serverFrame returns an unmasked frame with a payload of n bytes.
func serverFrame(n int) []byte {
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

// TestParseFrameHeader parses headers, and each of their prefixes.
func TestParseFrameHeader(t *testing.T) {
	for _, c := range []struct {
		b        []byte
		want     FrameHeader
		shortest bool
	}{
		{raw(0x81, 5), FrameHeader{0x81, false, 2, 5}, true},
		{raw(0x00, 0x80), FrameHeader{0x00, true, 2, 0}, true},
		{raw(0xf9, 0xfd), FrameHeader{0xf9, true, 2, 125}, true},
		{raw(0x42, 126, 0, 125), FrameHeader{0x42, false, 4, 125}, false},
		{raw(0x01, 126, 0, 126), FrameHeader{0x01, false, 4, 126}, true},
		{raw(0x81, 0xfe, 0xff, 0xfe), FrameHeader{0x81, true, 4, 0xfffe}, true},
		{raw(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff), FrameHeader{0x81, true, 10, 0xffff}, false},
		{raw(0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0), FrameHeader{0x81, false, 10, 1 << 16}, true},
		{raw(0x81, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), FrameHeader{0x81, false, 10, 1<<63 - 1}, true},
		{raw(0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0), FrameHeader{0x81, false, 10, 1 << 63}, false},
	} {
		h, ok := ParseFrameHeader(append(slices.Clone(c.b), "payload"...))
		if h != c.want || !ok || h.hasShortestLength() != c.shortest {
			t.Errorf("% x: %+v, %t; want %+v", c.b, h, ok, c.want)
		}
		for n := range c.b {
			want := FrameHeader{Size: 2}
			if n >= 2 {
				want = c.want
				want.Length = 0
			}
			if h, ok := ParseFrameHeader(c.b[:n]); h != want || ok {
				t.Errorf("%d bytes of % x: %+v, %t; want %+v", n, c.b, h, ok, want)
			}
		}
	}
}

// TestEndOfFrame finds the end of each frame from each of its bytes.
func TestEndOfFrame(t *testing.T) {
	var frames [][]byte
	for _, n := range []int{0, 1, 125, 126, 127, 300, 1<<16 - 1, 1 << 16, 0} {
		frames = append(frames, serverFrame(n))
	}
	all := bytes.Join(frames, nil)
	start := 0
	for i, f := range frames {
		want := start + len(f)
		for n := start + 1; n <= want; n++ {
			if n-start > 400 && want-n > 400 {
				continue
			}
			if got := endOfFrame(all, n); got != want {
				t.Fatalf("frame %d from %d to %d ends at %d, found from byte %d", i, start, want, got, n-1)
			}
		}
		start = want
	}
}

// TestEndOfPart finds the end of an incomplete frame.
func TestEndOfPart(t *testing.T) {
	for _, part := range [][]byte{
		{0x81}, serverFrame(5)[:4], serverFrame(300)[:3], serverFrame(300)[:4], serverFrame(1 << 16)[:9], serverFrame(1 << 16)[:10],
	} {
		if got := endOfFrame(part, 1); got != len(part) {
			t.Errorf("a part of %d bytes ends at %d", len(part), got)
		}
	}
}

// TestWholeFrame checks that a frame is whole with its last byte and not before.
func TestWholeFrame(t *testing.T) {
	for size, found := range map[int]bool{0: true, 1: true, 125: true, 126: true, 65_535: true, 65_536: false} {
		whole := text(string(make([]byte, size)))
		want := 0
		if found {
			want = len(whole)
		}
		if n := wholeFrame(whole, finText); n != want {
			t.Errorf("%d bytes: the frame of %d bytes has %d", size, len(whole), n)
		}
		if n := wholeFrame(append(whole, text("next")...), finText); n != want {
			t.Errorf("%d bytes, and another: the frame of %d bytes has %d", size, len(whole), n)
		}
		for cut := range min(len(whole), 20) {
			if n := wholeFrame(whole[:len(whole)-1-cut], finText); n != 0 {
				t.Errorf("%d bytes, cut by %d: a frame of %d", size, 1+cut, n)
			}
		}
	}
	for name, b := range map[string][]byte{"binary": octets("a"), "a fragment": first("abc"), "a ping": ping("a"), "without a mask": {finText, 5, 'h', 'e', 'l', 'l', 'o'}} {
		if n := wholeFrame(b, finText); n != 0 {
			t.Errorf("%s: a text of %d", name, n)
		}
	}
}
