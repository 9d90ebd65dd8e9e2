// Package directory has the interface through which the hubs of servers that share rooms learn of each other's members,
// of their names and of their rooms.
//
// A server without a Directory is alone. Package natsdir has a Directory that uses NATS.
package directory

import (
	"errors"

	"partyline/hub/admission"
)

// A Directory connects a hub to those of the other servers. All methods may be called from any goroutine after Start.
type Directory interface {
	// Start gives the Directory the hub of this server. The caller calls it once, before any other method.
	Start(h Hub)

	// Claim takes a name for an identity at all servers. It waits for them, for a few seconds at most.
	Claim(c Claim) (Answer, error)

	// Release gives up skeletons of an identity that has claimed them. The name stays resumable for a while by
	// Claim.Proof. Release does not wait.
	Release(id string, skeletons []string)

	// Renew claims the names of an identity again, after another server has given them up. It does not wait.
	Renew(id string)

	// Publish tells the other servers of a change, after all earlier ones. It does not wait, and the caller may hold
	// locks.
	Publish(c Change)

	// Moved tells a server that an identity is on this server now. It does not wait.
	Moved(server, id string)

	// Send delivers a private message to a member of another server. It waits for the server, for a few seconds at
	// most. The error is ErrGone, ErrBehind or another one.
	Send(server string, p Private) error
}

// The errors of Directory.Send and Hub.Deliver.
var (
	ErrGone   = errors.New("the member is not there any more")
	ErrBehind = errors.New("the member is too far behind")
)

// A Claim is a request for a name.
type Claim struct {
	ID        string   // of the identity
	Skeletons []string // of the name: see names.Skeletons
	Token     string   // that of the identity: another server may prove with it that it resumes the identity
	Proof     string   // the token of an identity that may have the name and is resumed; or ""
	Later     bool     // if the others can't be asked, the identity has the name, and it is claimed when they can: see Hub.Rename
}

// An Answer says whether a name was claimed.
type Answer struct {
	OK      bool   // false if another identity has the name
	Resumed bool   // Proof was the token of the identity that had the name
	ID      string // of that identity, if Resumed is set
	Server  string // that it was on; "" if it had no member any more, or was on this server
}

// A Member is a member that the others in its room see.
type Member struct {
	Room string `json:"room"`
	ID   string `json:"id"` // of its identity: a room has each once
	Nick string `json:"nick"`
	Via  string `json:"via,omitempty"`
}

// The kinds of a Change.
const (
	Joined  = "joined"
	Left    = "left"
	Renamed = "renamed" // Member has the new name
	Named   = "named"   // the identity has another name, in each room; Member has no room
)

// A Change of a member of a server.
type Change struct {
	Kind string `json:"kind"`
	Member
	Text string `json:"text,omitempty"` // with which it left
}

// A Private is a private message to a member of another server.
type Private struct {
	From   string `json:"from"` // the name of the sender
	To     string `json:"to"`   // the identity of the recipient
	ToNick string `json:"to_nick"`
	Text   string `json:"text"`
}

// A Hub is what a Directory calls. No method waits for a network.
type Hub interface {
	// Members returns the members of this server that the others see.
	Members() []Member

	// Apply notes a change on another server.
	Apply(server string, c Change)

	// Replace notes which members another server has: none, if it is gone.
	Replace(server string, members []Member)

	// Deliver sends a private message to a member of this server. The error is ErrGone or ErrBehind.
	Deliver(p Private) error

	// End ends the members of an identity that was resumed on another server.
	End(id string)

	// Rename gives an identity another name, since another server has given its name to somebody else.
	Rename(id string)

	// Uses returns what addresses use of their limits on this server: see admission.Gate.Report.
	Uses() []admission.Use

	// NoteUses notes the uses of another server, in place of its last ones: none, if it is gone.
	NoteUses(server string, uses []admission.Use)
}
