package client

import (
	"encoding/json"
	"fmt"
	"time"

	"partyline/hub/wire"
)

// An Event is something that happened in the room or to the connection. It is one of [*Welcome],
// [*Message], [*Private], [*Joined], [*Left], [*Renamed], [*Presence], [*Notice], [*Gap], [*Error]
// and [*Disconnected]. A newer client may have others.
type Event = wire.Event

// The events of a server, as docs/protocol.md describes them.
type (
	Welcome  = wire.Welcome  // the client is in a room; also after each reconnect
	Message  = wire.Message  // a message or an action in the room, also the client's own
	Private  = wire.Private  // a private message, also the client's own
	Joined   = wire.Joined   // a member joined the room
	Left     = wire.Left     // a member left the room
	Renamed  = wire.Renamed  // a member changed its name
	Presence = wire.Presence // the joins and leaves of a second in a large room
	Notice   = wire.Notice   // a notice of the server
	Gap      = wire.Gap      // messages are missing here
	Error    = wire.Refusal  // the server refused something
	Member   = wire.Occupant // a member of a room
	Room     = wire.RoomCount
)

// Disconnected says that the connection broke.
type Disconnected struct {
	Err   error         // why; for people
	Retry time.Duration // until the next attempt to connect
}

// AppendText appends a line for people.
func (e *Disconnected) AppendText(dst []byte) []byte {
	return fmt.Appendf(dst, "-- disconnected: %v; next attempt in %v --", e.Err, e.Retry.Round(100*time.Millisecond))
}

// AppendJSON appends an object of type disconnected, which no server sends.
func (e *Disconnected) AppendJSON(dst []byte) []byte {
	message, _ := json.Marshal(e.Err.Error())
	return fmt.Appendf(dst, `{"type":"disconnected","message":%s,"after_ms":%d}`, message, e.Retry.Milliseconds())
}
