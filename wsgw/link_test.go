package wsgw

import "testing"

// TestWholeFrame: a frame is found whole with its last byte, and not before.
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
	for name, b := range map[string][]byte{"binary": octets("a"), "a fragment": begin("abc"), "a ping": ping("a"), "without a mask": {finText, 5, 'h', 'e', 'l', 'l', 'o'}} {
		if n := wholeFrame(b, finText); n != 0 {
			t.Errorf("%s: a text of %d", name, n)
		}
	}
}
