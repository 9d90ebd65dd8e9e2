package hub

import (
	"errors"
	"time"

	"partyline/hub/admission"
	"partyline/hub/wire"
)

// A Conn is a member's connection over some transport, in whole lines and whole frames. The hub
// closes it before Serve returns.
//
// The hub reads from one goroutine at a time and writes from one goroutine at a time; the two may
// overlap. Close may be called from any goroutine, more than once, and unblocks both.
type Conn interface {
	// ReadLine returns the next line without its ending, as the transport framed it. The
	// bytes are valid until the next call.
	//
	// ErrTooLong, ErrControl and a *wire.Refusal concern one line: the next call returns the
	// line after it. The hub answers ErrTooLong with a refusal, and sends a *wire.Refusal as it
	// is. io.EOF means that the member ended its input cleanly and can still be written to.
	// Any other error ends the member.
	ReadLine() ([]byte, error)

	// Write writes frames that the member's Codec made. It blocks as long as the peer accepts
	// some bytes within the transport's write timeout, and returns ErrSlow when it accepts none.
	// After any other error nothing more can be written, but ReadLine still returns the lines
	// that arrived before.
	//
	// n is the number of bytes of whole frames. The Conn keeps the rest of a frame of which it
	// wrote a part, and counts all of that frame as written. The next Write writes the rest
	// first; Write(nil) writes only the rest.
	Write(frames []byte) (n int, err error)

	// Close sends the reason in the transport's own terms, after what was written, and closes
	// the connection. It may wait for the peer to read that. If another call of Close has
	// started, it returns at once.
	Close(why error) error
}

// A TryWriter is a Conn that can write without waiting. The hub writes to it from sweeps,
// and starts a goroutine for it only while the member lags.
type TryWriter interface {
	// TryWrite writes what the transport accepts at once. n is as in Write. ErrWouldBlock means
	// that the transport is full, or that the rest of a frame must be written: the next call
	// must be Write.
	TryWrite(frames []byte) (n int, err error)
}

// A LineBuffer is a Conn that knows whether it has the next line already. The hub handles
// lines that arrive together before it writes them to other members, so that they leave
// together.
type LineBuffer interface {
	// HasLine reports whether the next ReadLine returns without waiting. The goroutine
	// that reads calls it.
	HasLine() bool
}

// A FormatSetter is a Conn that reads lines of text and requests in JSON differently.
type FormatSetter interface {
	// SetFormat sets the format of the lines after the last one that was read. The initial
	// format is the Caller's. The goroutine that reads calls it.
	SetFormat(wire.Format)
}

// A Watcher is a Conn that can notice the end of the connection without reading. The hub watches
// a member while it does not read, because the member exceeded its allowance.
type Watcher interface {
	// Watch waits for d and returns nil. It returns an error earlier if the connection ends: at
	// once if Close is called; otherwise when the peer has ended its input, which is io.EOF, or
	// reset the connection, and ReadLine has returned all lines before that. The goroutine that
	// reads calls it.
	Watch(d time.Duration) error
}

// A Codec encodes events for one kind of client, framed for its transport. Members of a room
// with equal Codecs share a stream: an event is encoded once for all of them. So the dynamic
// type of a Codec is comparable.
type Codec interface {
	// Append appends the frames of e to dst. It appends nothing if the clients do not get e.
	Append(dst []byte, e wire.Event) []byte
}

// A Caller describes a client that connects, and what it requests with that.
type Caller struct {
	Via  string         // the transport, as members see it: "tcp" or "ws"
	Addr string         // for the log; no member sees it
	Slot admission.Slot // from Hub.Admit; the zero Slot if the address is not known

	Nick  string // the requested nickname; "" for a guest's
	Room  string // the requested room; "" for the lobby
	Since string // the id after which it requests all messages; "" for the usual replay

	// Format is the initial format of the member. It may change to one that has a Codec.
	Format wire.Format
	// Codecs has a Codec for each format that the transport speaks on this Conn.
	Codecs [2]Codec
}

// Errors of a Conn, besides those of its transport.
var (
	ErrTooLong    = errors.New("line too long")
	ErrControl    = errors.New("control frame") // not a line, but it costs as much as one
	ErrWouldBlock = errors.New("write would block")
)

// Reasons why the hub ends a member. Each transport sends them in its own terms.
var (
	ErrQuit     = errors.New("quit")
	ErrResumed  = errors.New("resumed over another connection")
	ErrShutdown = errors.New("server is shutting down")
	ErrSlow     = errors.New("accepted nothing within the write timeout")
	ErrFault    = errors.New("internal fault")
)
