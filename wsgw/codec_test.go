package wsgw

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"partyline/hub/wire"
)

func TestFrames(t *testing.T) {
	// The payload is "n: " and the text.
	for _, size := range []int{1, 100, 122, 123, 124, 4096, 65_531, 65_532, 65_533, 70_000} {
		text := strings.Repeat("x", size)
		before := []byte("before")
		got := codec{wire.Text}.Append(before, &wire.Message{From: "n", Text: text})
		got, ok := bytes.CutPrefix(got, before)
		if !ok {
			t.Fatalf("%d: Append changes the bytes before it", size)
		}
		payload := "n: " + text
		want := []byte{0x81}
		switch n := len(payload); {
		case n < 126:
			want = append(want, byte(n))
		case n <= 0xffff:
			want = binary.BigEndian.AppendUint16(append(want, 126), uint16(n))
		default:
			want = binary.BigEndian.AppendUint64(append(want, 127), uint64(n))
		}
		if want = append(want, payload...); !bytes.Equal(got, want) {
			t.Errorf("%d: %.20q, want %.20q", size, got, want)
		}
		for _, n := range []int{1, 2, len(got) / 2, len(got)} {
			if end := endOfFrame(append(got, "next"...), n); end != len(got) {
				t.Errorf("%d: the frame ends at %d, want %d", size, end, len(got))
			}
		}
	}
}

// TestOneFramePerEvent checks that an event is one frame, or no frame if the format does not
// have it.
func TestOneFramePerEvent(t *testing.T) {
	one := func(payload string) string { return fmt.Sprintf("\x81%c%s", len(payload), payload) }
	const ping = "\x89\x00"
	for _, test := range []struct {
		event  wire.Event
		format wire.Format
		want   string
	}{
		{&wire.Answer{Lines: []string{"one", "two"}}, wire.Text, one("= one\n= two")},
		{&wire.Answer{Lines: []string{"one", "two"}}, wire.JSON, ""},
		{&wire.Private{From: "a", Text: "x\ny"}, wire.Text, one("a -> you: x\na -> you: y")},
		{&wire.Ack{Ref: "r"}, wire.Text, ""},
		{&wire.Ack{Ref: "r"}, wire.JSON, one(`{"type":"ack","ref":"r"}`)},
		{wire.Ping{Idle: true}, wire.Text, ping},
		{wire.Ping{Idle: true}, wire.JSON, ping + one(`{"type":"ping"}`)},
		{wire.Ping{}, wire.Text, ping},
		{wire.Ping{}, wire.JSON, ping},
	} {
		got := string(codec{test.format}.Append(nil, test.event))
		if got != test.want {
			t.Errorf("%T in format %d: %q, want %q", test.event, test.format, got, test.want)
		}
	}
}
