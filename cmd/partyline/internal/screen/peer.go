package screen

import (
	"strings"
	"time"

	"partyline/client"
	"partyline/cmd/partyline/internal/transcript"
)

// The server passes a private message to the member that has the name at that moment. A sighting says whether that is
// the member to which the user spoke before, as far as the user's rooms show it.
type sighting struct {
	in    *room     // that shows the peer; nil if none does
	trust trust     // in the name
	at    time.Time // of the last message, or of the start of the conversation
}

// A trust says whether the name of a peer belongs to the same member as before.
type trust int

const (
	trusted  trust = iota // as far as it is known
	doubtful              // it may belong to another member
	warned                // the same, and the user was told so in place of sending a message
)

// pause is how long a conversation may pause before a peer that no room shows may be another member.
const pause = 10 * time.Minute

// paused reports whether the peer of a conversation may be another member because no room showed it in a pause.
func (m *model) paused(v *view) bool { return m.now().Sub(v.at) > pause }

// watch follows the peers of all conversations after an event in a room, or after another change of the room if e is
// nil.
func (m *model) watch(r *room, e client.Event) {
	switch e.(type) {
	case *client.Message, *client.Private:
		return
	}
	for _, v := range m.views {
		if v.peer != "" {
			m.watchPeer(v, r, e)
		}
	}
}

// watchPeer follows the peer of a conversation. Only the events of one room that shows the peer count, because those of
// different rooms arrive in any order.
func (m *model) watchPeer(v *view, r *room, e client.Event) {
	before := v.in
	if e, ok := e.(*client.Renamed); ok && before == r && strings.EqualFold(e.Nick, v.peer) {
		if other := m.findConversation(e.To); other == nil || other == v {
			v.peer = e.To
			v.add(e)
			return
		}
	}
	m.look(v)
	freed, taken, what := changed(e)
	lost := before != nil && v.in == nil
	switch {
	case (before == nil || before == r) && strings.EqualFold(taken, v.peer), lost && strings.EqualFold(freed, v.peer):
		m.doubt(v, what, e)
	case lost:
		m.doubt(v, "no room of yours would show that "+v.peer+" leaves", nil)
	}
}

// changed returns the name that belongs to no member of a room after an event, and the one that belongs to another
// member than before, or "". what says what has happened.
func changed(e client.Event) (freed, taken, what string) {
	switch e := e.(type) {
	case *client.Joined:
		return "", e.Nick, e.Nick + " has arrived"
	case *client.Left:
		return e.Nick, "", e.Nick + " has left"
	case *client.Renamed:
		return e.Nick, e.To, e.Nick + " is now known as " + e.To
	}
	return "", "", ""
}

// look finds a room that shows the peer of a conversation.
func (m *model) look(v *view) {
	before := v.in
	if before != nil && before.shows(v.peer) {
		return
	}
	v.in = nil
	if shown := m.findRoom(func(r *room) bool { return r.shows(v.peer) }); shown != nil {
		v.in = shown.room
	}
	if before == nil && v.in != nil && v.trust == trusted && m.paused(v) {
		v.trust = doubtful
	}
}

// doubt notes that the name of a peer may belong to another member from now on, and says why. If it has said so
// before, it only shows the event e, unless it is nil. Messages to the peer that wait are not sent.
func (m *model) doubt(v *view, why string, e client.Event) {
	if v.trust == trusted {
		v.tell(transcript.Notice, why+": from now on "+v.peer+" may be another member")
	} else if e != nil {
		v.add(e)
	}
	v.trust = doubtful
	for _, other := range m.views {
		if other.isRoom() {
			other.room.withdraw(v)
		}
	}
}

// hold reports whether a line, which the user has entered for a view, is not to be sent, because the peer may be another
// member. The line is back in the input, and is sent if the user enters it again.
func (m *model) hold(v *view, line string) bool {
	r := m.anyRoom()
	if v.peer == "" || r.state == closed {
		return false
	}
	unsure := v.trust == doubtful || r.state == disconnected || v.in == nil && m.paused(v)
	if v.trust == warned || !unsure {
		v.trust, v.at = trusted, m.now()
		if r.state == disconnected { // another member may take the name until there is a connection again
			v.trust = doubtful
		}
		return false
	}
	v.trust = warned
	text := "not sent, because " + v.peer + " may be another member now: enter it again to send it"
	switch {
	case line == "": // a paste, which stays
	case v.line.Text() == "":
		v.line.SetText(line)
	default:
		text += ": " + line
	}
	v.tell(transcript.Failure, text)
	v.log.ToEnd()
	return true
}

// received notes that a private message has come from the peer of a conversation.
func (m *model) received(v *view) {
	if v.in == nil && m.paused(v) {
		m.doubt(v, "after a pause", nil)
	}
	v.at = m.now()
}
