package hub

import (
	"fmt"
	"strings"
	"testing"

	"partyline/hub/wire"
)

// rawCodec is a Codec whose frames are the texts of messages.
type rawCodec struct{}

func (rawCodec) Append(dst []byte, e wire.Event) []byte {
	if m, ok := e.(*wire.Message); ok {
		return append(dst, m.Text...)
	}
	return dst
}

// TestBacklog fills many streams without readers. All streams together keep at most the
// backlog, and each keeps a chunk or two.
func TestBacklog(t *testing.T) {
	const streams, window, limit = 50, 1 << 20, 4 << 20
	h := &Hub{opt: Options{Window: window}}
	b := &h.backlog
	b.limit.Store(limit)
	var all []*stream
	for range streams {
		all = append(all, newStreamLocked(&room{hub: h}, rawCodec{}))
	}
	m := &wire.Message{ID: 1, Text: strings.Repeat("x", 1000)}
	for range 1500 {
		for _, s := range all {
			s.appendLocked(m)
		}
	}
	kept := int64(0)
	for i, s := range all {
		n := int64(0)
		for c := s.head; c != s.tail; c = c.next.Load() {
			n += c.size.Load()
		}
		if n < largeChunk-1000 || n > window+largeChunk {
			t.Errorf("stream %d keeps %d bytes", i, n)
		}
		kept += n
	}
	if used := b.used.Load(); used != kept || used > limit+streams*largeChunk {
		t.Errorf("%d bytes are kept and %d counted, with a limit of %d", kept, used, limit)
	}
	for _, s := range all {
		s.trimLocked()
	}
	if used := b.used.Load(); used != 0 {
		t.Errorf("the backlog counts %d bytes that no stream keeps", used)
	}
}

// TestShrink checks that a quiet stream gets a small tail, and that its readers find the way
// there.
func TestShrink(t *testing.T) {
	s := newStreamLocked(&room{hub: &Hub{opt: Options{Window: 1 << 20}}}, rawCodec{})
	first := s.endLocked()
	for i := range 1000 {
		s.appendLocked(&wire.Message{ID: int64(i + 1), Text: fmt.Sprintf("%0100d", i)})
	}
	if s.shrinkLocked() {
		t.Error("a busy stream shrinks")
	}
	last := s.endLocked()
	if !s.shrinkLocked() {
		t.Error("a quiet stream does not shrink")
	}
	if s.shrinkLocked() {
		t.Error("a stream shrinks twice")
	}
	if n := len(s.tail.buf); n != firstChunk {
		t.Errorf("the tail has %d bytes", n)
	}
	s.appendLocked(&wire.Message{ID: 1001, Text: "next"})
	if frames, fell := last.unread(noLimit); string(frames) != "next" || fell {
		t.Errorf("the reader at the end reads %q, %v", frames, fell)
	}
	read := 0
	for {
		frames, fell := first.unread(noLimit)
		if len(frames) == 0 {
			if fell {
				t.Error("the reader at the start fell out of the window")
			}
			break
		}
		first.off += int64(len(frames))
		read += len(frames)
	}
	if want := 1000*100 + len("next"); read != want {
		t.Errorf("the reader at the start read %d bytes, not %d", read, want)
	}
}
