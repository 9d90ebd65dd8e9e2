package wsgw

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"partyline/hub"
	"partyline/hub/socket"
)

func TestFrames(t *testing.T) {
	// "n: " stands before the text.
	for _, size := range []int{1, 100, 122, 123, 124, 4096, 65_531, 65_532, 65_533, 70_000} {
		text := strings.Repeat("x", size)
		before := []byte("before")
		got := frames{hub.Text}.Append(before, &hub.Message{From: "n", Text: text})
		got, ok := bytes.CutPrefix(got, before)
		if !ok {
			t.Fatalf("%d: what was there is gone", size)
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
			if end := socket.EndOfFrame(append(got, "next"...), n); end != len(got) {
				t.Errorf("%d: the frame ends at %d, want %d", size, end, len(got))
			}
		}
	}
}

// TestFramesAsTold: one event is one frame, and what a format does not tell is none.
func TestFramesAsTold(t *testing.T) {
	one := func(payload string) string { return fmt.Sprintf("\x81%c%s", len(payload), payload) }
	const ping = "\x89\x00"
	for _, test := range []struct {
		event  hub.Event
		format hub.Format
		want   string
	}{
		{&hub.Answer{Lines: []string{"one", "two"}}, hub.Text, one("= one\n= two")},
		{&hub.Answer{Lines: []string{"one", "two"}}, hub.JSON, ""},
		{&hub.Private{From: "a", Text: "x\ny"}, hub.Text, one("a -> you: x\na -> you: y")},
		{&hub.Ack{Ref: "r"}, hub.Text, ""},
		{&hub.Ack{Ref: "r"}, hub.JSON, one(`{"type":"ack","ref":"r"}`)},
		{hub.Ping{Idle: true}, hub.Text, ping},
		{hub.Ping{Idle: true}, hub.JSON, ping + one(`{"type":"ping"}`)},
		{hub.Ping{}, hub.Text, ping},
		{hub.Ping{}, hub.JSON, ping},
	} {
		got := string(frames{test.format}.Append(nil, test.event))
		if got != test.want {
			t.Errorf("%T in format %d: %q, want %q", test.event, test.format, got, test.want)
		}
	}
}
