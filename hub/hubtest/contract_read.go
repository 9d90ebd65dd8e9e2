package hubtest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"partyline/hub"
	"partyline/hub/wire"
)

func testLines(t *testing.T, p Pair) {
	want := []string{"one", "", "tab\there", "umlaut ü 🎉", strings.Repeat("x", 4096), "last"}
	for _, line := range want {
		p.Peer.Send(line)
	}
	for _, line := range want {
		got, err := p.Conn.ReadLine()
		if err != nil || string(got) != line {
			t.Fatalf("%.40q, %v; want %.40q", got, err, line)
		}
	}
}

// testHasLine checks that HasLine reports only lines that have arrived.
func testHasLine(t *testing.T, p Pair) {
	buffer, ok := p.Conn.(hub.LineBuffer)
	if !ok {
		t.Skip("this Conn is not a hub.LineBuffer")
	}
	if buffer.HasLine() {
		t.Error("HasLine before the peer sent anything")
	}
	const lines = 64
	for i := range lines {
		p.Peer.Send(fmt.Sprint(i))
	}
	buffered := 0
	for i := range lines {
		line, err := p.Conn.ReadLine()
		if err != nil || string(line) != fmt.Sprint(i) {
			t.Fatalf("%q, %v; want %d", line, err, i)
		}
		if buffer.HasLine() {
			buffered++
		}
	}
	if buffer.HasLine() {
		t.Error("HasLine after the last line")
	}
	t.Logf("HasLine was true for %d of %d lines", buffered, lines)
}

func testEnd(t *testing.T, p Pair) {
	p.Peer.Send("last")
	p.Peer.Leave()
	if line, err := p.Conn.ReadLine(); err != nil || string(line) != "last" {
		t.Fatalf("%q, %v", line, err)
	}
	_, err := p.Conn.ReadLine()
	if !errors.Is(err, io.EOF) {
		t.Fatalf("%v, want io.EOF", err)
	}
	// A member that ended its input still receives what is pending.
	p.write(t, "goodbye")
	closed := make(chan error, 1)
	go func() { closed <- p.Conn.Close(err) }()
	p.receive(t, "goodbye")
	if got, err := p.Peer.Receive(); err != io.EOF {
		t.Errorf("%q, %v; want the end", got, err)
	}
	<-closed
}

func testBreak(t *testing.T, p Pair) {
	p.Peer.Break()
	if line, err := p.Conn.ReadLine(); err == nil || errors.Is(err, io.EOF) && !p.NoReset || errors.Is(err, hub.ErrTooLong) {
		t.Errorf("%q, %v", line, err)
	}
}

// testReadAfterBreak checks that writes fail after a reset, and that ReadLine still returns what
// the peer sent.
func testReadAfterBreak(t *testing.T, p Pair) {
	needRawIO(t) // Break loses lines that are not acknowledged
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint(i))
		p.Peer.Send(want[i])
	}
	p.Peer.Break()
	frame := p.Codec.Append(nil, message("too late"))
	_, err := p.Conn.Write(frame)
	for err == nil { // until the system knows of the reset
		_, err = p.Conn.Write(frame)
	}
	if errors.Is(err, hub.ErrSlow) {
		t.Errorf("writing failed with %v", err)
	}
	for _, line := range want {
		if got, err := p.Conn.ReadLine(); err != nil || string(got) != line {
			t.Fatalf("%q, %v; want %q", got, err, line)
		}
	}
	if line, err := p.Conn.ReadLine(); err == nil {
		t.Errorf("a line %q after the end", line)
	}
}

// testLongLine checks that a line over the limit is refused or ends the connection.
func testLongLine(t *testing.T, p Pair) {
	p.Peer.Send(strings.Repeat("x", wire.MaxMessage(4096)+1))
	_, err := p.Conn.ReadLine()
	if err == nil || errors.Is(err, io.EOF) {
		t.Fatalf("got %v", err)
	}
	if errors.Is(err, hub.ErrTooLong) {
		p.Peer.Send("next")
		if line, err := p.Conn.ReadLine(); err != nil || string(line) != "next" {
			t.Errorf("%.40q, %v", line, err)
		}
	}
}
