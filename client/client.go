package client

import (
	"context"
	"crypto/tls"
	"errors"
	"iter"
	"net/http"
	"time"
)

// Options configure a Client. The zero value is a guest in the lobby that gets new messages only.
type Options struct {
	Nick   string      // "" for a guest's name
	Room   string      // without #; "" for the lobby
	Since  int64       // the id of the last message that the program has; All for all that the server keeps; 0 for new ones only
	TLS    *tls.Config // for tls:// and wss://; nil for the default
	Header http.Header // for the handshake of a WebSocket; nil for none

	// Token is the Token of an earlier Client, or "". If the server still knows it, two minutes after the
	// member has left at most, the client continues as that member: it has its name, and without a Room
	// also its room. The member's other connections end, and their clients with a ByeError.
	Token string

	// Patience is how long messages are sent again that the server can't store for now. Then they fail with an
	// *Error, whose code is unavailable. 0 means no limit.
	Patience time.Duration

	delay, silence time.Duration // in place of the delays and of deadAfter, if tests set them
}

// All as Options.Since means all messages that the server keeps.
const All = -1

// ErrClosed is the error of a call of a closed Client.
var ErrClosed = errors.New("the client is closed")

// ErrInterrupted is the error of a request that is not repeated when the connection breaks, such as a
// private message: the server may have done it or not.
var ErrInterrupted = errors.New("the connection broke before the answer")

// A ByeError says that the server ended the session for good.
type ByeError struct{ Reason string }

func (e *ByeError) Error() string { return "the server ended the session: " + e.Reason }

// A Client is a member of a room that reconnects. Dial returns one.
type Client struct {
	session
	dialer dialer
	target *target
	cancel context.CancelFunc
	ended  chan struct{} // closed when nothing runs any more
}

// Dial connects to a server and returns a Client that is a member of its room. ctx bounds Dial only.
//
// The address is one of
//
//	HOST:PORT, tcp://HOST[:PORT]       TCP; the port is 4000 if it is left out
//	tls://HOST[:PORT]                  TCP with TLS
//	unix:PATH                          a unix socket
//	ws://HOST/ws, wss://HOST/ws        a WebSocket
//	http://HOST/, https://HOST/        the WebSocket of a page
//	HOST                               wss://HOST/ws, ws://HOST/ws or tcp://HOST, as Address then tells
//
// For HOST alone Dial tries these three at almost the same time, and prefers them in this order.
//
// The error is a *DialError if the server can't be reached or refuses the client. A name that is taken
// or not valid is refused, too.
func Dial(ctx context.Context, address string, o Options) (*Client, error) {
	targets, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	return dialAny(ctx, address, targets, o)
}

// dialAny is Dial for an address that means one of targets.
func dialAny(ctx context.Context, address string, targets []*target, o Options) (*Client, error) {
	if room := targets[0].query.Get("room"); o.Room == "" {
		o.Room = room
	}
	c := newClient(o, newIdentity(o.Nick, o.Token))
	c.identity.enter(&c.session, o.Room)
	a, t, err := c.dialer.joinAny(ctx, address, targets, c.entry())
	if err != nil {
		return nil, err
	}
	c.begin(a, t)
	return c, nil
}

// newClient returns a Client without a link.
func newClient(o Options, id *identity) *Client {
	c := &Client{
		session: session{opts: o, identity: id, wake: make(chan struct{}, 1), nick: o.Nick, room: o.Room, outbox: newOutbox()},
		ended:   make(chan struct{}),
	}
	c.changed.L = &c.mu
	c.dialer = dialer{o, c.wakeWriter}
	return c
}

// begin makes the client run with its first link, which leads to t.
func (c *Client) begin(a *arrival, t *target) {
	running, cancel := context.WithCancel(context.Background())
	c.target = t
	c.nick, c.room, c.linked = a.welcome.Nick, a.welcome.Room, true
	c.cancel = cancel
	go c.run(running, a)
}

// Address returns the address of the server as Dial accepts it, with the scheme and the port that are used.
func (c *Client) Address() string { return c.target.String() }

// Nick returns the client's present name.
func (c *Client) Nick() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nick
}

// Room returns the name of the room that the client is in, without #.
func (c *Client) Room() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.room
}

// Next returns the next event. It waits until there is one, until ctx is done, or until the client has
// ended and all events were returned; then it returns the reason, which is ErrClosed after Close.
func (c *Client) Next(ctx context.Context) (Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.awaitEventLocked(ctx); err != nil {
		return nil, err
	}
	return c.events.pop(), nil
}

// NextAll is like Next, but returns all events that there are, appended to dst: at least one if the error is nil.
func (c *Client) NextAll(ctx context.Context, dst []Event) ([]Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.awaitEventLocked(ctx); err != nil {
		return dst, err
	}
	for c.events.len() > 0 {
		dst = append(dst, c.events.pop())
	}
	return dst, nil
}

// awaitEventLocked waits until there is an event, which the caller then takes. The error is that of Next.
func (c *Client) awaitEventLocked(ctx context.Context) error {
	if err := c.waitLocked(ctx, func() bool { return c.events.len() > 0 || c.err != nil }); err != nil {
		return err
	}
	if c.events.len() == 0 {
		return c.err
	}
	if c.events.len() >= maxEvents {
		c.changed.Broadcast() // deliverLocked waits for room
	}
	return nil
}

// Events returns the events until the client has ended or ctx is done. Err returns the reason.
func (c *Client) Events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			e, err := c.Next(ctx)
			if err != nil || !yield(e) {
				return
			}
		}
	}
}

// Err returns why the client ended, or nil if it has not.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close leaves the room, closes the connection, and waits until its goroutines have ended.
// What the server has not acknowledged fails with ErrClosed; Flush waits for that. Next still returns the
// events that have arrived.
func (c *Client) Close() error { return c.Leave("") }

// Leave is Close with a parting text, which the other members of the room see.
func (c *Client) Leave(text string) error {
	const patience = time.Second // for the server's goodbye
	if c.leave(text) {
		timer := time.AfterFunc(patience, c.cancel)
		defer timer.Stop()
	} else {
		c.cancel()
	}
	<-c.ended
	c.cancel()
	return nil
}
