package wsgw

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// frame makes a masked frame with a header's first byte and a payload.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{1, 2, 3, 4}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return b
}

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

// fragments makes a message of n frames.
func fragments(n int) []byte {
	b := frame(0x01, "a")
	if n == 1 {
		b[0] |= 0x80
		return b
	}
	for range n - 2 {
		b = append(b, frame(0x00, "")...)
	}
	return append(b, frame(0x80, "z")...)
}

func TestScanner(t *testing.T) {
	for name, test := range map[string]struct {
		stream []byte
		code   int // 0 where all is well
	}{
		"nothing":                        {nil, 0},
		"a message":                      {frame(0x81, "hello"), 0},
		"an empty message":               {frame(0x81, ""), 0},
		"125 bytes":                      {frame(0x81, string(make([]byte, 125))), 0},
		"126 bytes":                      {frame(0x81, string(make([]byte, 126))), 0},
		"65,535 bytes":                   {frame(0x81, string(make([]byte, 65535))), 0},
		"65,536 bytes":                   {frame(0x81, string(make([]byte, 65536))), 0},
		"one fragment":                   {fragments(1), 0},
		"two fragments":                  {fragments(2), 0},
		"1,000 fragments":                {fragments(1000), 0},
		"1,001 fragments":                {fragments(1001), 1008},
		"1,000 fragments, twice":         {join(fragments(1000), fragments(1000)), 0},
		"1,000 fragments and many pings": {join(bytes.Repeat(frame(0x89, "p"), 2000), fragments(1000), bytes.Repeat(frame(0x8a, ""), 2000)), 0},
		"1,000 fragments, no end":        {fragments(1001)[:len(fragments(1001))-len(frame(0x80, "z"))], 0},
		"a ping between fragments":       {join(frame(0x01, "a"), frame(0x89, ""), frame(0x80, "b")), 0},
		"125 in a long form":             {[]byte{0x81, 0xfe, 0, 125, 1, 2, 3, 4}, 1002},
		"65,535 in the longest form":     {[]byte{0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 1002},
		"more than 2^63":                 {[]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}, 1002},
		"nearly 2^63":                    {[]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0},
		"a close without a code":         {frame(0x88, ""), 0},
		"a close of one byte":            {frame(0x88, "\x03"), 1002},
		"a close with a code":            {frame(0x88, "\x03\xe8"), 0},
		"a close with a reason":          {frame(0x88, "\x03\xe8bye"), 0},
		"a breach behind a message":      {join(frame(0x81, "ok"), []byte{0x81, 0xfe, 0, 5}), 1002},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 3, 512, len(test.stream) + 1} {
				var s scanner
				var bad *violation
				for rest := test.stream; len(rest) > 0 && bad == nil; {
					var n int
					part := rest[:min(size, len(rest))]
					if n, _, bad = scan(&s, part); bad == nil && n != len(part) {
						t.Fatalf("%d of %d bytes are believed without a breach", n, len(part))
					}
					rest = rest[len(part):]
				}
				code := 0
				if bad != nil {
					code = bad.code
				}
				if code != test.code {
					t.Errorf("in pieces of %d: %d, want %d", size, code, test.code)
				}
			}
		})
	}
}

// TestScannerBelieves: what stands before a breach is passed on, the frame that breaks the
// rule is not.
func TestScannerBelieves(t *testing.T) {
	var s scanner
	good := frame(0x81, "good")
	n, whole, bad := scan(&s, join(good, frame(0x88, "x"), good))
	if n != len(good) || !whole || bad == nil {
		t.Errorf("%d of %d bytes, whole %t, %v", n, len(good), whole, bad)
	}
}

// TestScannerWhole: a sign of life is a frame's end, not any byte.
func TestScannerWhole(t *testing.T) {
	var s scanner
	ping := frame(0x89, "ping")
	for i, b := range ping {
		if _, whole, _ := scan(&s, []byte{b}); whole != (i == len(ping)-1) {
			t.Errorf("byte %d of %d: whole is %t", i, len(ping), whole)
		}
	}
}

// scan follows all frames in b. It returns how many bytes may be believed, whether any
// frame ended in them, and why the next byte may not.
func scan(s *scanner, b []byte) (n int, whole bool, bad *violation) {
	for n < len(b) && bad == nil {
		var k int
		var ended bool
		k, ended, bad = s.next(b[n:])
		n += k
		whole = whole || ended
	}
	return n, whole, bad
}
