package tcpgw

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/socket"
	"partyline/hub/wire"
)

// openConn returns a conn with a line limit of 4,096 bytes, and its peer.
func openConn(t *testing.T) (*conn, *net.TCPConn) {
	t.Helper()
	server, client := hubtest.TCPPair(t)
	c, err := newConn(server, new(socket.Group), 4096, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Conn.Close() })
	client.SetDeadline(time.Now().Add(30 * time.Second))
	return c, client
}

// TestCtrlC presses Ctrl-C in telnet, which then discards output until its timing mark is answered.
func TestCtrlC(t *testing.T) {
	c, client := openConn(t)
	io.WriteString(client, "hel\xff\xf4\xff\xfd\x06lo\r\n")
	client.CloseWrite()
	marks := 0
	var got []string
	for {
		line, err := c.ReadLine()
		switch {
		case err == hub.ErrControl:
			marks++
			continue
		case err == nil:
			got = append(got, string(line))
			continue
		case err != io.EOF:
			t.Error(err)
		}
		break
	}
	if marks != 1 || len(got) != 1 || got[0] != "hello" {
		t.Errorf("%q, and %d timing marks", got, marks)
	}
	c.Conn.Close()
	if answers, err := io.ReadAll(client); string(answers) != "\xff\xfc\x06" || err != nil {
		t.Errorf("the client reads % x, %v", answers, err)
	}
}

// TestAnswersBetweenLines sends timing marks from a slow reader that receives lines at the same
// time. No answer is in the middle of a line.
func TestAnswersBetweenLines(t *testing.T) {
	const questions = 500
	c, client := openConn(t)
	client.SetReadBuffer(64 << 10)
	line := append(bytes.Repeat([]byte("x"), 4000), '\n')
	written := make(chan error, 2)
	go func() {
		var err error
		for answered := 0; answered < questions && err == nil; {
			if _, err = c.ReadLine(); err == hub.ErrControl {
				answered++
				err = nil
			}
		}
		written <- err
	}()
	go func() {
		var err error
		for range questions {
			n := 0
			if n, err = c.TryWrite(line); n == 0 && err == hub.ErrWouldBlock {
				_, err = c.Write(line)
			}
			if err != nil && err != hub.ErrWouldBlock {
				break
			}
			err = nil
		}
		_, last := c.Write(nil)
		written <- errors.Join(err, last)
	}()
	go func() {
		for range questions {
			client.Write([]byte{iac, do, timingMark})
		}
	}()
	in := bufio.NewReader(client)
	for lines, answers := 0, 0; lines < questions || answers < questions; {
		first, err := in.ReadByte()
		if err != nil {
			t.Fatalf("after %d lines and %d answers: %v", lines, answers, err)
		}
		rest, want := make([]byte, 2), []byte{wont, timingMark}
		if first == 'x' {
			rest, want = make([]byte, len(line)-1), line[1:]
			lines++
		} else {
			answers++
		}
		if _, err := io.ReadFull(in, rest); err != nil || !bytes.Equal(rest, want) {
			t.Fatalf("line %d or answer %d is %02x % .20x…, %v", lines, answers, first, rest, err)
		}
	}
	for range 2 {
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}

// TestAnswerFails checks that a failed write of an answer does not end ReadLine.
func TestAnswerFails(t *testing.T) {
	c, client := openConn(t)
	c.Stop()
	io.WriteString(client, "\xff\xfd\x06\xff\xfb\x01hello\n")
	line, err := c.ReadLine()
	for err == hub.ErrControl {
		line, err = c.ReadLine()
	}
	if string(line) != "hello" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
}

func TestSetFormat(t *testing.T) {
	const sent = "a\bb\x7f\rc\xff\xf7d\xff\xf1\r\n"
	c, client := openConn(t)
	for range 2 {
		for _, f := range []struct {
			wire.Format
			want string
		}{{wire.Text, "d"}, {wire.JSON, "a\bb\x7f\rcd"}} {
			c.SetFormat(f.Format)
			io.WriteString(client, sent)
			if line, err := c.ReadLine(); string(line) != f.want || err != nil {
				t.Errorf("format %d: %q, %v; want %q", f.Format, line, err, f.want)
			}
		}
	}
}

// TestEnterKey presses an Enter key that sends only CR.
func TestEnterKey(t *testing.T) {
	t.Parallel()
	c, client := openConn(t)
	io.WriteString(client, "hel\xff\xf1lo\r\xff\xf1")
	start := time.Now()
	line, err := c.ReadLine()
	var r *wire.Refusal
	if !errors.As(err, &r) || r.Message != enterHint || time.Since(start) < enterWait {
		t.Fatalf("after %v: %q, %v", time.Since(start), line, err)
	}
	time.AfterFunc(enterWait+enterWait/4, func() { io.WriteString(client, "\nnext\r") })
	if line, err = c.ReadLine(); string(line) != "hello" || err != nil {
		t.Errorf("after the hint: %q, %v", line, err)
	}
	client.CloseWrite()
	if line, err = c.ReadLine(); string(line) != "next" || err != nil {
		t.Errorf("at the end: %q, %v", line, err)
	}
}

// TestEndsInCR checks that only a CR that is the last byte, and precedes any complete line, needs a
// hint.
func TestEndsInCR(t *testing.T) {
	for stream, want := range map[string]bool{
		"": false, "a": false, "\r": true, "a\r": true, "a\r\xff\xf1": true, "a\rb\r": true, "a\rb": false,
		"\n\r": false, "a\r\n\r": false, "a\r\x00\r": false, strings.Repeat("x", 5000) + "\r": true,
	} {
		l := lines{max: 4096}
		l.feed([]byte(stream))
		for ok := true; ok; {
			_, ok, _ = l.next()
		}
		if got := l.endsInCR(); got != want {
			t.Errorf("%.20q: %v", stream, got)
		}
	}
}
