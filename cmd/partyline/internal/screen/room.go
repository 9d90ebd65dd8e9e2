package screen

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"partyline/client"
)

// A room is the state of an open room.
type room struct {
	*connection
	name   string
	nick   string // the user's name in it
	state  linkState
	reason string    // why it is not connected
	retry  time.Time // when it connects again

	since    int64           // the client's Options.Since
	last     int64           // the newest id when it connected
	newest   int64           // the newest id that has arrived
	saved    int64           // the newest read id that was passed to Options.Read, negative for none; 0 if it was not called
	count    int             // members
	members  map[string]bool // those that are known
	complete bool            // they are all, and the room will show that one of them leaves
	speakers map[string]int  // when a member last said something, in messages
	spoken   int             // messages
}

// A linkState says whether a room is connected.
type linkState int

const (
	connecting linkState = iota
	connected
	disconnected // and the client connects again
	closed       // for good
)

// newRoom returns a room that is not open yet. since is its client's Options.Since.
func (m *model) newRoom(name, nick string, since int64) *room {
	return &room{
		connection: newConnection(m.mail, m.protect),
		name:       name,
		nick:       nick,
		since:      since,
		members:    make(map[string]bool),
		speakers:   make(map[string]int),
	}
}

// caughtUp reports whether the messages that the user has missed have arrived.
func (r *room) caughtUp() bool { return r.state != connecting && (r.since == 0 || r.newest >= r.last) }

// names returns the names that the user may mean, recent speakers first.
func (r *room) names() []string {
	all := maps.Clone(r.members)
	for name := range r.speakers {
		all[name] = true
	}
	delete(all, r.nick)
	return slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.speakers[b], r.speakers[a]), strings.Compare(a, b))
	})
}

// maxSpeakers is how many speakers of a room are remembered.
const maxSpeakers = 500

// heard notes that a member said something.
func (r *room) heard(name string) {
	r.spoken++
	r.speakers[name] = r.spoken
	if len(r.speakers) > 2*maxSpeakers {
		maps.DeleteFunc(r.speakers, func(_ string, at int) bool { return at <= r.spoken-maxSpeakers })
	}
}

// note keeps the state of the room up to date.
func (r *room) note(e client.Event, now time.Time) {
	switch e := e.(type) {
	case *client.Welcome:
		if r.newest == 0 {
			r.newest = max(r.since, 0)
		}
		if r.newest > e.Last {
			r.newest = 0 // the history is lost
		}
		r.state, r.reason = connected, ""
		r.nick, r.name, r.last = e.Nick, e.Room, e.Last
		r.setMembers(e.Occupants, e.Count)
	case *client.Disconnected:
		r.state, r.reason, r.retry = disconnected, e.Err.Error(), now.Add(e.Retry)
	case *client.Message:
		r.heard(e.From)
		r.newest = e.ID
	case *client.Joined:
		r.members[e.Nick] = true
		r.count++
		r.complete = r.complete && r.count < largeRoom
	case *client.Left:
		delete(r.members, e.Nick)
		r.count--
	case *client.Renamed:
		r.renamed(e.Nick, e.To)
	case *client.Presence:
		r.count, r.complete = e.Count, false
	case *client.Gap:
		r.complete = false
	}
}

// largeRoom is how many members a room may have before the server does not name those that leave.
const largeRoom = 100

func (r *room) setMembers(members []client.Member, count int) {
	r.count, r.complete = count, len(members) == count && count < largeRoom
	r.members = make(map[string]bool, len(members))
	for _, member := range members {
		r.members[member.Nick] = true
	}
}

// shows reports whether the room has a member with a name, and would show that it leaves.
func (r *room) shows(name string) bool {
	if r.state != connected || !r.complete {
		return false
	}
	for member := range r.members {
		if strings.EqualFold(member, name) {
			return true
		}
	}
	return false
}

func (r *room) renamed(from, to string) {
	if r.nick == from {
		r.nick = to
	}
	delete(r.members, from)
	r.members[to] = true
	if at, ok := r.speakers[from]; ok {
		delete(r.speakers, from)
		r.speakers[to] = at
	}
}
