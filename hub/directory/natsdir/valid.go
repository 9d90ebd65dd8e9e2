package natsdir

import (
	"partyline/hub/directory"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// maxID bounds the ids of identities and servers, in bytes.
const maxID = 64

// isValid reports whether a server would have published a change: any program may publish to the subject.
func isValid(c *directory.Change) bool {
	if room, err := names.Room(c.Room); c.Kind != directory.Named && (err != nil || room != c.Room) {
		return false
	}
	m := wire.Message{From: c.Nick, Via: c.Via, Text: "-"}
	return c.ID != "" && len(c.ID) <= maxID && m.Check() == nil &&
		(c.Text == "" || wire.CleanLine(c.Text) == c.Text) &&
		(c.Kind == directory.Joined || c.Kind == directory.Left || c.Kind == directory.Renamed || c.Kind == directory.Named)
}

// isValidPrivate is isValid for a private message.
func isValidPrivate(p *directory.Private) bool {
	m := wire.Message{From: p.From, Text: p.Text}
	to := wire.Message{From: p.ToNick, Text: "-"}
	return m.Check() == nil && to.Check() == nil
}
