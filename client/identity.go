package client

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// ErrInRoom is the error of a Client that is to enter a room in which another Client of the same member is.
var ErrInRoom = errors.New("the member is in the room already")

// An identity is the member for whom the server takes a client. A client and those that Open returns share
// it. It must not be copied.
type identity struct {
	turn chan struct{} // has one element while a client of the identity connects

	mu     sync.Mutex
	token  string              // of the last welcome; "" before
	wished string              // the name to ask for, which another member may have; "" for any
	taken  bool                // another member has it, and the client asks for it again and again
	rooms  map[*session]string // of each client that has not ended; "" before its first welcome
	// The times of requests to enter that were not answered, because the connection broke. The server may
	// still get such a request, after a later one: then it ends the later connection.
	strays []time.Time
}

// strayTime is how long the server may take to get a request over a connection that is broken.
const strayTime = time.Minute

func newIdentity(nick, token string) *identity {
	return &identity{turn: make(chan struct{}, 1), token: token, wished: nick, rooms: make(map[*session]string)}
}

// takeTurn waits until no other client of the identity connects: if the server does not know the token, the
// first one gets another, which the others must use.
func (id *identity) takeTurn(ctx context.Context) error {
	select {
	case id.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (id *identity) endTurn() { <-id.turn }

// request returns the request of a client that connects.
func (id *identity) request(room, ref string) resumeRequest {
	id.mu.Lock()
	defer id.mu.Unlock()
	return resumeRequest{Type: "resume", Token: id.token, Nick: id.wished, Room: room, Share: len(id.rooms) > 1, Ref: ref}
}

// granted notes what the server gave: a token, and a name. If it refused the wished one, that stays the wished one.
func (id *identity) granted(token, nick string, refused bool) {
	id.mu.Lock()
	defer id.mu.Unlock()
	id.token = token
	if refused {
		id.taken = true
	} else if !id.taken || nick == id.wished {
		id.wished, id.taken = nick, false
	}
}

// stray notes that a request to enter was not answered.
func (id *identity) stray() {
	id.mu.Lock()
	defer id.mu.Unlock()
	id.dropStraysLocked()
	id.strays = append(id.strays, time.Now())
}

func (id *identity) dropStraysLocked() {
	for len(id.strays) > 0 && time.Since(id.strays[0]) > strayTime {
		id.strays = id.strays[1:]
	}
}

// resumedByStray reports whether a connection that ends, because the member is back over another one, ends by
// a request of this identity that was not answered. Each such request counts once.
func (id *identity) resumedByStray() bool {
	id.mu.Lock()
	defer id.mu.Unlock()
	id.dropStraysLocked()
	if len(id.strays) == 0 {
		return false
	}
	id.strays = id.strays[1:]
	return true
}

// rename notes that the member has another name.
func (id *identity) rename(nick string) {
	id.mu.Lock()
	defer id.mu.Unlock()
	id.wished, id.taken = nick, false
}

// name returns the name to ask for.
func (id *identity) name() string {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.wished
}

// enter notes that a client is in a room, or asks to enter its first one. It returns ErrInRoom, and notes
// nothing, if another client of the identity is in the room.
func (id *identity) enter(s *session, room string) error {
	id.mu.Lock()
	defer id.mu.Unlock()
	if id.othersInLocked(s, room) {
		return ErrInRoom
	}
	id.rooms[s] = room
	return nil
}

// othersIn reports whether a client other than s is in a room.
func (id *identity) othersIn(s *session, room string) bool {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.othersInLocked(s, room)
}

func (id *identity) othersInLocked(s *session, room string) bool {
	for other, r := range id.rooms {
		if other != s && room != "" && strings.EqualFold(r, room) {
			return true
		}
	}
	return false
}

// leave notes that a client has ended.
func (id *identity) leave(s *session) {
	id.mu.Lock()
	defer id.mu.Unlock()
	delete(id.rooms, s)
}

// Open enters another room over a second connection, as the same member. The Client that it returns has its
// own events, requests and Close; a change of name on either changes the name of both. It gets new messages only.
// While c is not connected, Open waits.
//
// A member is in a room once: if another Client of the member is in the room, Open returns ErrInRoom.
func (c *Client) Open(ctx context.Context, room string) (*Client, error) {
	return c.OpenSince(ctx, room, 0)
}

// OpenSince is Open for a Client that first gets the messages after an id, as with Options.Since.
func (c *Client) OpenSince(ctx context.Context, room string, since int64) (*Client, error) {
	c.mu.Lock()
	err := c.waitLocked(ctx, func() bool { return c.linked || c.leaving || c.err != nil })
	if err == nil {
		err = c.err
	}
	if err == nil && c.leaving {
		err = ErrClosed
	}
	o := c.opts
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	o.Room, o.Since = room, since
	other := newClient(o, c.identity)
	if err := c.identity.enter(&other.session, room); err != nil {
		return nil, err
	}
	a, err := other.dialer.join(ctx, c.target, other.entry())
	if err != nil {
		c.identity.leave(&other.session)
		return nil, err
	}
	other.begin(a, c.target)
	return other, nil
}

// Token returns what an Options.Token needs to continue as this member: see there. It may change when the
// client connects again. It is a secret of the member.
func (c *Client) Token() string {
	c.identity.mu.Lock()
	defer c.identity.mu.Unlock()
	return c.identity.token
}
