package hubtest

import (
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/wire"
)

// A Pair is a Conn under test with the other end of its connection.
type Pair struct {
	Conn    hub.Conn
	Codec   hub.Codec // that of the transport for text
	Peer    Peer
	NoReset bool // the connection has no resets: Break, or Close of a slow member, may look like the clean end
}

// A Peer is the member's end of a connection. Its methods fail the test if the transport
// fails.
type Peer interface {
	// Send sends one line.
	Send(line string)
	// Receive returns the text of the next event, without framing. It returns io.EOF when
	// the server has ended the connection cleanly.
	Receive() (string, error)
	// Leave ends the member's side cleanly, as the transport's protocol defines it.
	Leave()
	// End ends the member's side of the TCP connection or unix socket, without a reset.
	End()
	// Break resets the connection after everything that was sent has arrived.
	Break()
}

// WriteTimeout is the write timeout that a Conn under test must have.
const WriteTimeout = 400 * time.Millisecond

// patience is how long a test waits for something that must happen.
const patience = 30 * time.Second

// TestConn is the contract of hub.Conn and its optional interfaces. open returns a new pair
// that lasts as long as the test. Its Conn has a limit of 4,096 bytes for a line.
func TestConn(t *testing.T, open func(t *testing.T) Pair) {
	for name, test := range map[string]func(*testing.T, Pair){
		"ReadLine returns whole lines in order":  testLines,
		"HasLine reports buffered lines":         testHasLine,
		"EOF follows the last line":              testEnd,
		"a reset is not EOF":                     testBreak,
		"lines before a reset are read":          testReadAfterBreak,
		"a long line is not returned":            testLongLine,
		"Write sends whole frames in order":      testFrames,
		"TryWrite sends whole frames":            testFull,
		"a peer that reads nothing is slow":      testSlow,
		"a peer that reads a little is not slow": testDrip,
		"Close follows what was written":         testCloseDelivers,
		"Close unblocks ReadLine":                testCloseUnblocksRead,
		"Close twice unblocks Write":             testCloseUnblocksWrite,
		"reads and writes overlap":               testOverlap,
		"Watch waits":                            testWatch,
		"Watch returns at EOF":                   testWatchEnd,
		"Watch leaves unread lines":              testWatchUnread,
		"Watch returns at a reset":               testWatchReset,
		"Watch returns at Close":                 testWatchClose,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// message returns a message from n.
func message(text string) *wire.Message { return &wire.Message{From: "n", Text: text} }

// write writes a message from n.
func (p Pair) write(t *testing.T, text string) {
	t.Helper()
	if _, err := p.Conn.Write(p.Codec.Append(nil, message(text))); err != nil {
		t.Fatal(err)
	}
}

// receive checks that the peer receives want next. If want has no sender, the sender is n.
func (p Pair) receive(t *testing.T, want string) {
	t.Helper()
	if !strings.HasPrefix(want, "n: ") {
		want = "n: " + want
	}
	if got, err := p.Peer.Receive(); err != nil || got != want {
		t.Errorf("%.60q, %v; want %.60q", got, err, want)
	}
}
