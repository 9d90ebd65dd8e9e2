package client

import (
	"strings"
	"testing"
)

// A floodLink is a link to a server that gives another room than the requested one, sends messages without an end,
// and answers nothing.
type floodLink struct {
	link
	welcomed bool
}

func (l *floodLink) write([][]byte) error { return nil }

func (l *floodLink) read() ([]byte, error) {
	if !l.welcomed {
		l.welcomed = true
		return []byte(`{"type":"welcome","ref":"enter","room":"lobby","nick":"guest-x7k2"}`), nil
	}
	return []byte(`{"type":"message","id":1,"room":"lobby","from":"bob","text":"hello"}`), nil
}

// TestFloodAtStart enters a server that floods the client before it says why it refuses the room: the client does not
// keep everything.
func TestFloodAtStart(t *testing.T) {
	_, _, err := resume(&floodLink{}, entry{identity: newIdentity("", ""), room: "ops"})
	if err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("the error is %v", err)
	}
}
