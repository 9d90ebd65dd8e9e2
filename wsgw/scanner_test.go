package wsgw

import (
	"bytes"
	"testing"
)

func TestScanner(t *testing.T) {
	for name, test := range map[string]struct {
		stream []byte
		code   int // of the error; 0 for none
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
		"two long fragments":             {join(frame(0x01, string(make([]byte, 126))), frame(0x80, string(make([]byte, 65536)))), 0},
		"1,000 fragments":                {fragments(1000), 0},
		"1,001 fragments":                {fragments(1001), 1008},
		"1,000 fragments, twice":         {join(fragments(1000), fragments(1000)), 0},
		"1,000 fragments and many pings": {join(bytes.Repeat(frame(0x89, "p"), 2000), fragments(1000), bytes.Repeat(frame(0x8a, ""), 2000)), 0},
		"1,000 fragments, no end":        {fragments(1001)[:len(fragments(1001))-len(frame(0x80, "z"))], 0},
		"a ping between fragments":       {join(frame(0x01, "a"), frame(0x89, ""), frame(0x80, "b")), 0},
		"1,000 pings in a message":       {join(frame(0x01, "a"), times(1000, frame(0x89, "p")), frame(0x80, "b"), frame(0x01, "a"), frame(0x89, "p")), 0},
		"1,001 pings in a message":       {join(frame(0x01, "a"), times(1001, frame(0x89, "p"))), 1008},
		"pongs among 1,001 in a message": {join(frame(0x01, "a"), times(500, frame(0x89, "p")), times(501, frame(0x8a, ""))), 1008},
		"125 in a long form":             {[]byte{0x81, 0xfe, 0, 125, 1, 2, 3, 4}, 1002},
		"65,535 in the longest form":     {[]byte{0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 1002},
		"more than 2^63":                 {[]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}, 1002},
		"nearly 2^63":                    {[]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0},
		"a close without a code":         {frame(0x88, ""), 1005},
		"a close of one byte":            {frame(0x88, "\x03"), 1002},
		"a close with a code":            {frame(0x88, "\x03\xe8"), 1000},
		"a close with a reason":          {frame(0x88, "\x03\xe8bye"), 1000},
		"an error after a message":       {join(frame(0x81, "ok"), []byte{0x81, 0xfe, 0, 5}), 1002},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 3, 512, len(test.stream) + 1} {
				s := scanner{maxFragments: MaxFragments}
				var end error
				for rest := test.stream; len(rest) > 0 && end == nil; {
					var n int
					part := rest[:min(size, len(rest))]
					if n, _, end = scan(&s, part); end == nil && n != len(part) {
						t.Fatalf("%d of %d bytes are accepted without an error", n, len(part))
					}
					rest = rest[len(part):]
				}
				if code := closeCode(end); code != test.code {
					t.Errorf("in pieces of %d: %d, want %d", size, code, test.code)
				}
			}
		})
	}
}

// TestScannerAccepts checks that the scanner accepts the frames before an error, and no byte of
// the frame with the error.
func TestScannerAccepts(t *testing.T) {
	s := scanner{maxFragments: MaxFragments}
	good := frame(0x81, "good")
	n, whole, err := scan(&s, join(good, frame(0x88, "x"), good))
	if n != len(good) || !whole || err == nil {
		t.Errorf("%d of %d bytes, whole %t, %v", n, len(good), whole, err)
	}
}

// TestScannerWhole checks that a frame is whole with its last byte and not before.
func TestScannerWhole(t *testing.T) {
	s := scanner{maxFragments: MaxFragments}
	ping := frame(0x89, "ping")
	for i, b := range ping {
		if _, whole, _ := scan(&s, []byte{b}); whole != (i == len(ping)-1) {
			t.Errorf("byte %d of %d: whole is %t", i, len(ping), whole)
		}
	}
}

// scan scans all frames in b. It returns how many bytes are accepted, whether any frame ended
// in them, and the error that follows.
func scan(s *scanner, b []byte) (n int, whole bool, end error) {
	for n < len(b) && end == nil {
		var k int
		var ended bool
		k, ended, end = s.next(b[n:])
		n += k
		whole = whole || ended
	}
	return n, whole, end
}

// TestScannerMaxFragments sets a limit for fragments.
func TestScannerMaxFragments(t *testing.T) {
	for n, allowed := range map[int]bool{1: true, 2: true, 3: true, 4: false} {
		s := scanner{maxFragments: 3}
		var end error
		for rest := fragments(n); len(rest) > 0 && end == nil; {
			var k int
			k, _, end = s.next(rest)
			rest = rest[k:]
		}
		if (end == nil) != allowed {
			t.Errorf("%d fragments: %v", n, end)
		}
	}
}
