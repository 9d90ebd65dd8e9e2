package hub

import (
	"errors"
	"io"
	"maps"
	"time"

	"partyline/hub/admission"
	"partyline/hub/wire"
)

// A Meter receives figures of a Hub as they arise. Its methods may be called from any goroutine,
// also with locks held, so they must not wait and must not call the Hub.
type Meter interface {
	// Committed reports a message of a room with the given number of members.
	Committed(members int)
	// Swept reports that all members of a room have been written to, except those that lag: how long
	// that took, and how old the oldest of the written events was at the end.
	Swept(took, age time.Duration)
	// Skipped reports that a member lagged so far that it gets a gap notice in place of the given
	// number of messages.
	Skipped(messages int64)
	// Paced reports how long a member that exceeds its rate limit is not read.
	Paced(wait time.Duration)
	// TurnedAway reports that a client was not admitted. The reason is one of TurnedAwayReasons.
	TurnedAway(reason string)
	// Refused reports that the request of a member was refused. The code is that of the answer.
	Refused(code wire.Code)
	// Left reports that a member has left the server. The reason is one of LeftReasons.
	Left(transport, reason string)
}

// TurnedAwayReasons are the reasons of Meter.TurnedAway: the hub is not ready, or the limit that was reached.
var TurnedAwayReasons = []string{"starting", "members", "per_address", "arrivals"}

// LeftReasons are the reasons of Meter.Left: the client ended its input, or asked to leave, or
// resumed over another connection; the server shuts down; the client accepted no bytes; it had hung up
// and its input was not read to the end; its connection broke, or it broke the protocol; the server
// has a fault.
var LeftReasons = []string{"left", "quit", "resumed", "shutdown", "slow", "hung_up", "error", "fault"}

// turnedAwayReason returns the reason of an error of admission.
func turnedAwayReason(err error) string {
	switch {
	case errors.Is(err, admission.ErrStarting):
		return "starting"
	case errors.Is(err, admission.ErrFull):
		return "members"
	case errors.Is(err, admission.ErrAddressFull):
		return "per_address"
	}
	return "arrivals"
}

// leftReason returns the reason of the error that ended a member.
func leftReason(why error) string {
	switch {
	case errors.Is(why, io.EOF):
		return "left"
	case errors.Is(why, ErrQuit):
		return "quit"
	case errors.Is(why, ErrResumed):
		return "resumed"
	case errors.Is(why, ErrShutdown):
		return "shutdown"
	case errors.Is(why, ErrSlow):
		return "slow"
	case errors.Is(why, errHangUpTimeout), errors.Is(why, errIdle):
		return "hung_up"
	case errors.Is(why, ErrFault):
		return "fault"
	}
	return "error"
}

// noMeter is the Meter of a Hub without one.
type noMeter struct{}

func (noMeter) Committed(int)              {}
func (noMeter) Swept(_, _ time.Duration)   {}
func (noMeter) Skipped(int64)              {}
func (noMeter) Paced(time.Duration)        {}
func (noMeter) TurnedAway(string)          {}
func (noMeter) Refused(wire.Code)          {}
func (noMeter) Left(transport, why string) {}

// Figures are the state of a Hub at one moment.
type Figures struct {
	Members map[string]int   // by transport
	Rooms   map[string]int   // rooms that have members over a transport
	Written map[string]int64 // bytes of events since New, by transport
	Lagging int              // members that have not accepted everything yet
	Backlog int64            // bytes that all streams keep for them
}

// Figures returns the present figures. It looks at each member.
func (h *Hub) Figures() Figures {
	f := Figures{Members: make(map[string]int), Rooms: make(map[string]int), Written: make(map[string]int64)}
	type place struct{ room, transport string }
	places := make(map[place]struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.Copy(f.Written, h.written)
	for m := range h.members {
		m.out.mu.Lock()
		f.Written[m.via] += m.out.written
		if m.out.lagging != nil {
			f.Lagging++
		}
		room := m.room
		m.out.mu.Unlock()
		if room != nil {
			f.Members[m.via]++
			places[place{room.name, m.via}] = struct{}{}
		}
	}
	for p := range places {
		f.Rooms[p.transport]++
	}
	f.Backlog = h.backlog.used.Load()
	return f
}
