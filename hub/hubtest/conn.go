package hubtest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/wire"
)

// A Pair is a Conn under test, with the member's end of it and the Codec that goes with
// it in text.
type Pair struct {
	Conn  hub.Conn
	Codec hub.Codec
	Peer  Peer
}

// A Peer is the member's end of a connection. Its methods fail the test where the
// transport does.
type Peer interface {
	// Send sends one line.
	Send(line string)
	// Receive returns the text of the next event, without any framing, and io.EOF when
	// the server has ended the connection in good order.
	Receive() (string, error)
	// Leave ends the member's side in good order.
	Leave()
	// End ends the member's side of the connection under the transport, without a reset.
	End()
	// Break ends the connection without a word, when all that was sent has arrived.
	Break()
}

// WriteTimeout is the write timeout that a Conn under test shall have.
const WriteTimeout = 400 * time.Millisecond

// patience bounds all waiting for what must happen.
const patience = 30 * time.Second

// TestConn is the contract of hub.Conn as code: a transport exists when it passes. open
// returns a new pair that lives as long as the test; its Conn takes lines of 4,096 bytes.
func TestConn(t *testing.T, open func(t *testing.T) Pair) {
	for name, test := range map[string]func(*testing.T, Pair){
		"lines come whole and in order":       testLines,
		"lines that came together are known":  testTogether,
		"the end comes behind the last line":  testEnd,
		"a broken line is no end":             testBreak,
		"what came before a break is read":    testReadAfterBreak,
		"a long line is never passed on":      testLongLine,
		"frames come whole and in order":      testFrames,
		"a full socket takes whole frames":    testFull,
		"who takes nothing is slow":           testSlow,
		"who takes little is not":             testDrip,
		"close comes behind what was written": testCloseDelivers,
		"close unblocks reading":              testCloseUnblocksRead,
		"close twice unblocks writing":        testCloseUnblocksWrite,
		"reading and writing overlap":         testOverlap,
		"watching waits":                      testWatch,
		"watching ends with the input":        testWatchEnd,
		"watching leaves unread lines":        testWatchUnread,
		"watching ends with a reset":          testWatchReset,
		"watching ends with close":            testWatchClose,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

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

// testTogether: where HasLine promises a line, it is there without the peer saying more.
func testTogether(t *testing.T, p Pair) {
	buffer, ok := p.Conn.(hub.LineBuffer)
	if !ok {
		t.Skip("this Conn can't tell whether a line has come")
	}
	if buffer.HasLine() {
		t.Error("a line before anything was said")
	}
	const lines = 64
	for i := range lines {
		p.Peer.Send(fmt.Sprint(i))
	}
	together := 0
	for i := range lines {
		line, err := p.Conn.ReadLine()
		if err != nil || string(line) != fmt.Sprint(i) {
			t.Fatalf("%q, %v; want %d", line, err, i)
		}
		if buffer.HasLine() {
			together++
		}
	}
	if buffer.HasLine() {
		t.Error("a line behind the last one")
	}
	t.Logf("%d of %d were known to follow", together, lines)
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
	// Who left is still given what it is owed.
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
	if line, err := p.Conn.ReadLine(); err == nil || errors.Is(err, io.EOF) || errors.Is(err, hub.ErrTooLong) {
		t.Errorf("%q, %v", line, err)
	}
}

// testReadAfterBreak: writing fails when the peer is gone, and ReadLine returns what it sent.
func testReadAfterBreak(t *testing.T, p Pair) {
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint(i))
		p.Peer.Send(want[i])
	}
	p.Peer.Break()
	frame := p.Codec.Append(nil, message("too late"))
	_, err := p.Conn.Write(frame)
	for err == nil { // until the system knows
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

// testLongLine: a line over the limit is refused alone, or ends the connection.
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

func testFrames(t *testing.T, p Pair) {
	var frames []byte
	var want []string
	for i, size := range []int{0, 1, 100, 110, 125, 126, 127, 4096, 65_000, 70_000} {
		want = append(want, fmt.Sprintf("n: %d %s", i, strings.Repeat("x", size)))
		frames = p.Codec.Append(frames, message(want[i][3:]))
	}
	wrote := make(chan error, 1)
	go func() {
		n, err := p.Conn.Write(frames)
		if n != len(frames) {
			err = errors.Join(err, fmt.Errorf("wrote %d of %d", n, len(frames)))
		}
		wrote <- err
	}()
	for _, w := range want {
		p.receive(t, w)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// testFull fills a socket from the sweep's side, and empties it from the goroutine's.
func testFull(t *testing.T, p Pair) {
	try, ok := p.Conn.(hub.TryWriter)
	if !ok {
		t.Skip("this Conn can't write without waiting")
	}
	var frames []byte
	var ends []int
	for i := range 2000 {
		frames = p.Codec.Append(frames, message(fmt.Sprint(i, strings.Repeat(".", 100+i%900))))
		ends = append(ends, len(frames))
	}
	sent := 0
	full := 0
	for full < 20 {
		n, err := try.TryWrite(frames[:ends[len(ends)-1]])
		if !errors.Is(err, hub.ErrWouldBlock) && err != nil {
			t.Fatal(err)
		}
		whole := n == 0
		for i, end := range ends {
			if end == n {
				sent += i + 1
				whole = true
			}
		}
		if !whole {
			t.Fatalf("%d bytes are not whole frames", n)
		}
		if err != nil {
			full++
		}
		if full == 1 && n > 0 { // the rest is owed: nothing goes before it
			if n, err := try.TryWrite(frames[:ends[0]]); n != 0 || !errors.Is(err, hub.ErrWouldBlock) {
				t.Fatalf("%d, %v behind a frame that was begun", n, err)
			}
		}
	}
	wrote := make(chan error, 1)
	go func() {
		_, err := p.Conn.Write(nil)
		if err == nil {
			_, err = p.Conn.Write(p.Codec.Append(nil, message("end")))
		}
		wrote <- err
	}()
	got := 0
	for {
		text, err := p.Peer.Receive()
		if err != nil {
			t.Fatalf("after %d of %d: %v", got, sent, err)
		}
		if text == "n: end" {
			break
		}
		i := got % len(ends)
		if want := fmt.Sprint("n: ", i, strings.Repeat(".", 100+i%900)); text != want {
			t.Fatalf("event %d is %.40q, want %.40q", got, text, want)
		}
		got++
	}
	if got != sent {
		t.Errorf("%d events came, %d were taken", got, sent)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

func testSlow(t *testing.T, p Pair) {
	frames := p.Codec.Append(nil, message(strings.Repeat("x", 60_000)))
	begun := time.Now()
	var err error
	for err == nil && time.Since(begun) < patience {
		_, err = p.Conn.Write(frames)
	}
	if !errors.Is(err, hub.ErrSlow) {
		t.Fatalf("%v, want ErrSlow", err)
	}
	p.Conn.Close(err)
	// Cut with a reset: no goodbye, and the connection is not left for the kernel to flush.
	for err = nil; err == nil; {
		_, err = p.Peer.Receive()
	}
	if err == io.EOF {
		t.Error("a slow member's connection ended in good order")
	}
}

// testDrip: a member that reads in large steps, each within the timeout, is kept.
func testDrip(t *testing.T, p Pair) {
	frames := p.Codec.Append(nil, message(strings.Repeat("x", 60_000)))
	const n = 200 // more than all buffers hold
	wrote := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < n && err == nil; i++ {
			_, err = p.Conn.Write(frames)
		}
		wrote <- err
	}()
	pause := time.NewTicker(WriteTimeout / 4)
	defer pause.Stop()
	for i := range n {
		if i%40 == 0 {
			<-pause.C
		}
		if _, err := p.Peer.Receive(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

func testCloseDelivers(t *testing.T, p Pair) {
	p.Peer.Send("unread") // must not turn the end into a reset
	p.write(t, "goodbye")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.Conn.Close(hub.ErrQuit)
	}()
	p.receive(t, "goodbye")
	if text, err := p.Peer.Receive(); err != io.EOF {
		t.Errorf("%q, %v; want the end", text, err)
	}
	p.Peer.Break()
	<-closed
	if _, err := p.Conn.Write(p.Codec.Append(nil, message("late"))); err == nil {
		t.Error("a closed Conn writes")
	}
}

func testCloseUnblocksRead(t *testing.T, p Pair) {
	read := make(chan error, 1)
	go func() {
		_, err := p.Conn.ReadLine()
		read <- err
	}()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.Conn.Close(hub.ErrQuit)
	}()
	for range 2 { // the second while Close reads on
		select {
		case err := <-read:
			if err == nil || errors.Is(err, io.EOF) {
				t.Errorf("got %v", err)
			}
		case <-closed:
			t.Error("ReadLine waits for Close")
		case <-time.After(patience):
			t.Error("ReadLine still blocks")
		}
		go func() {
			_, err := p.Conn.ReadLine()
			read <- err
		}()
	}
	<-read
	p.Peer.Break()
	<-closed
}

func testCloseUnblocksWrite(t *testing.T, p Pair) {
	written := make(chan error, 1)
	frames := p.Codec.Append(nil, message(strings.Repeat("x", 60_000)))
	for { // until it is full
		n, err := p.Conn.(hub.TryWriter).TryWrite(frames)
		if err != nil || n == 0 {
			break
		}
	}
	go func() {
		_, err := p.Conn.Write(frames)
		written <- err
	}()
	var closes sync.WaitGroup
	for range 2 {
		closes.Go(func() { p.Conn.Close(hub.ErrShutdown) })
	}
	select {
	case err := <-written:
		if err == nil {
			t.Error("a write to a full, closed Conn succeeds")
		}
	case <-time.After(patience):
		t.Error("Write still blocks")
	}
	closes.Wait()
}

func testOverlap(t *testing.T, p Pair) {
	const n = 500
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			p.Peer.Send(fmt.Sprint(i))
		}
	})
	wg.Go(func() {
		for i := range n {
			p.receive(t, fmt.Sprint("n: ", i))
		}
	})
	for i := range n {
		line, err := p.Conn.ReadLine()
		if err != nil || string(line) != fmt.Sprint(i) {
			t.Fatalf("%q, %v; want %d", line, err, i)
		}
		if _, err := p.Conn.Write(p.Codec.Append(nil, message(string(line)))); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
}

func message(text string) *wire.Message { return &wire.Message{From: "n", Text: text} }

func (p Pair) write(t *testing.T, text string) {
	t.Helper()
	if _, err := p.Conn.Write(p.Codec.Append(nil, message(text))); err != nil {
		t.Fatal(err)
	}
}

// receive checks the next event, a message from n where it does not say so itself.
func (p Pair) receive(t *testing.T, want string) {
	t.Helper()
	if !strings.HasPrefix(want, "n: ") {
		want = "n: " + want
	}
	if got, err := p.Peer.Receive(); err != nil || got != want {
		t.Errorf("%.60q, %v; want %.60q", got, err, want)
	}
}
