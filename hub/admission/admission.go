// Package admission limits how many clients may connect, and how much each member may ask
// for. A Gate decides whether a client may connect and counts by address. An Allowance is a
// member's rate limit; the Gate carries used allowances from one connection of an address
// to the next, so that a client gains nothing when it reconnects.
//
// The package holds its state in memory and starts no goroutine. It imports no other package
// of the program.
package admission

import (
	"errors"
	"net/netip"
)

// Limits bounds what clients may use. A limit of zero means no limit.
type Limits struct {
	Members    int            // members at once
	PerAddress int            // members at once from one address; a /64 of IPv6 counts as one
	Arrivals   int            // new members from one address in a minute
	Exempt     []netip.Prefix // addresses without the limits PerAddress and Arrivals, and with NewRooms for each member

	Rooms    int // rooms that have members, at once
	NewRooms int // rooms that an address may create at once; it may create one more each minute

	PageLimit int   // stored messages that a member may request at once; 0 for the hub's default
	Backlog   int64 // bytes that all streams together retain for slow readers, in addition to the minimum
}

// ErrStarting is why no client is admitted yet.
var ErrStarting = errors.New("the server is starting: try again in a moment")

// The errors of Gate.Admit.
var (
	ErrFull        = errors.New("the server is full: try again later")
	ErrAddressFull = errors.New("too many connections from your address: close one first")
	ErrAddressRate = errors.New("too many new connections from your address: try again in a minute")
)
