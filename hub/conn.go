package hub

import (
	"errors"
	"time"

	"partyline/hub/admission"
	"partyline/hub/wire"
)

// A Conn carries one member's end of the line over some transport, in whole lines.
//
// The hub reads from one goroutine and writes from one at a time; the two may overlap.
// Close may be called from any goroutine, more than once, and unblocks both.
type Conn interface {
	// ReadLine returns the member's next line without its ending, as the transport
	// framed it. The bytes are the caller's until the next call.
	//
	// ErrTooLong and a *Refusal speak of this line alone; the next call goes on after it, and
	// the member is told. io.EOF says that the member left in good order and that what it is
	// still owed can be written. Any other error is the end.
	ReadLine() ([]byte, error)

	// Write writes frames that this Conn's Codec made, waiting as long as the member
	// takes something within the transport's write timeout, and returns ErrSlow if
	// it does not. Any other error says that nothing more can be written, but ReadLine
	// still returns what came before. n counts whole frames: what is left of a frame that
	// was begun is kept by the Conn, goes out before anything else, and counts as written.
	// Write(nil) writes just that rest.
	Write(frames []byte) (n int, err error)

	// Close tells the member why in the transport's own terms, after what was written,
	// and ends the connection. It may take as long as the transport needs for the
	// member to read that; it returns at once when another call has begun.
	Close(why error) error
}

// A TryWriter is a Conn that can write without waiting. The hub writes to such a Conn
// from its sweep, and needs a goroutine for it only while it is behind.
type TryWriter interface {
	// TryWrite writes what the transport takes at once. n counts whole frames as
	// Write's does. ErrWouldBlock says that the transport is full, or owes the rest of
	// a frame: the next call must be Write.
	TryWrite(frames []byte) (n int, err error)
}

// A LineBuffer is a Conn that knows whether its next line has come already. The hub takes
// lines that came together before it writes anything of them to others, so that they go
// out together as well.
type LineBuffer interface {
	// HasLine reports whether the next ReadLine returns without waiting. The goroutine
	// that reads calls it.
	HasLine() bool
}

// A FormatSetter is a Conn that reads lines of text in another way than requests in JSON.
type FormatSetter interface {
	// SetFormat says in which format the lines after the last one are. The goroutine that
	// reads calls it when the format changes; it begins as the Caller's.
	SetFormat(wire.Format)
}

// A Watcher is a Conn that notices that its peer is gone while nobody reads from it. The
// hub uses it while it does not read on, because the member said too much.
type Watcher interface {
	// Watch waits for d, or until there is nothing more to wait for. It returns nil after
	// d. If the peer has ended its input, or the connection is reset, it returns io.EOF or
	// another error as soon as ReadLine has nothing more to return. If the connection is
	// closed, it returns an error at once. The goroutine that reads calls it.
	Watch(d time.Duration) error
}

// A Codec makes the bytes that one kind of client gets for an event, framed for its
// transport. Callers with equal Codecs share the bytes: an event is encoded once for
// all of them, however many. A Codec is therefore a comparable value.
type Codec interface {
	// Append appends the frames for e, or nothing where such clients are not told.
	Append(dst []byte, e wire.Event) []byte
}

// A Caller says who comes over a Conn, and what it asks for by coming.
type Caller struct {
	Via  string         // the transport, as members see it: "tcp", "ws"
	Addr string         // for the log alone; no member ever sees it
	Slot admission.Slot // that Admit returned; the zero Seat if no address is known

	Nick  string // the name it asks for; "" for a guest's
	Room  string // "" for the lobby
	Since string // the id after which it wants every message; "" for the usual replay

	// Format is how the member begins. It may change to a format whose Codec is given.
	Format wire.Format
	// Codecs holds a Codec for each format that the transport speaks on this Conn.
	Codecs [2]Codec
}

// What ReadLine and Write return besides the errors of their transport.
var (
	ErrTooLong    = errors.New("line too long")
	ErrControl    = errors.New("control frame") // no line; it counts like one, and the next call goes on after it
	ErrWouldBlock = errors.New("write would block")
)

// Reasons for which the hub ends a connection. Each transport says them in its own terms.
var (
	ErrQuit     = errors.New("quit")
	ErrShutdown = errors.New("server is shutting down")
	ErrSlow     = errors.New("took nothing within the write timeout")
	ErrFault    = errors.New("internal fault")
)
