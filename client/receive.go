package client

import (
	"slices"
	"time"
)

// A catchUp brings the messages that the client has missed, over a new link, before the live events.
type catchUp struct {
	upTo int64  // the newest id when the link was new: live messages have greater ones
	gaps []*Gap // between the messages of the next page
	held queue  // live events
}

// pageSize is how many messages a page may have.
const pageSize = 500

// maxAfterMS is the longest time in milliseconds for which a server can keep a client away.
const maxAfterMS = 60_000

// askSinceLocked asks for the messages after the newest one that the client has.
func (c *Client) askSinceLocked() {
	name := c.outbox.name()
	c.outbox.addUrgent(&request{
		name: name,
		line: encode(sinceRequest{"since", c.last, pageSize, name}),
		done: c.receivePage,
	})
	c.wakeWriter()
}

// receivePage delivers a page of missed messages, and after the last page the live events since.
func (c *Client) receivePage(o *object, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.catchUp
	if u == nil { // the link broke
		return
	}
	if err != nil { // the server can't read its history
		c.catchUp = nil
		c.deliverLocked(&Gap{After: c.last, Missed: -1})
		c.last = u.upTo
	} else {
		before := c.last
		for _, m := range o.messages() {
			for len(u.gaps) > 0 && u.gaps[0].After < m.ID {
				c.deliverLocked(u.gaps[0])
				u.gaps = u.gaps[1:]
			}
			c.deliverLocked(m)
		}
		if o.More && c.last > before {
			c.askSinceLocked()
			return
		}
		for _, g := range u.gaps {
			c.deliverLocked(g)
		}
		c.catchUp = nil
	}
	for u.held.len() > 0 {
		c.deliverLocked(u.held.pop())
	}
}

// receive handles an event or an answer. The error ends the link.
func (c *Client) receive(o *object) error {
	c.mu.Lock()
	done, err := c.receiveLocked(o)
	c.mu.Unlock()
	if done != nil {
		done()
	}
	return err
}

// receiveLocked returns what is to be called without the lock, or nil.
func (c *Client) receiveLocked(o *object) (done func(), err error) {
	switch o.Type {
	case "message", "action":
		c.arriveLocked(o.message())
	case "gap":
		c.receiveGapLocked(o.gap())
	case "nick":
		if o.Nick == c.nick {
			c.nick, c.wished = o.To, o.To
		}
		c.arriveLocked(&Renamed{At: o.At, Room: o.Room, Nick: o.Nick, To: o.To})
	case "private":
		c.arriveLocked(&Private{At: o.At, From: o.From, To: o.To, Text: o.Text, Sent: o.From == c.nick})
	case "welcome":
		done = c.answerLocked(o)
		c.stopCatchUpLocked()
		c.nick, c.room, c.last = o.Nick, o.Room, o.Last
		c.deliverLocked(o.welcome())
	case "ack", "who", "rooms", "history", "search":
		return c.answerLocked(o), nil
	case "error", "notice":
		if done = c.answerLocked(o); done == nil {
			c.arriveLocked(o.event())
		}
	case "bye":
		if o.Reconnect {
			after := time.Duration(min(max(o.AfterMS, 0), maxAfterMS)) * time.Millisecond
			return nil, &restart{o.Reason, after}
		}
		return nil, &ByeError{o.Reason}
	default:
		if e := o.event(); e != nil {
			c.arriveLocked(e)
		}
	}
	return done, nil
}

// answerLocked returns a function that passes an answer to its request, or nil if there is none.
func (c *Client) answerLocked(o *object) func() {
	name := o.Key
	if name == "" {
		name = o.Ref
	}
	r := c.outbox.take(name)
	if r == nil {
		return nil
	}
	if c.outbox.len() == maxPending-1 || c.outbox.len() == 0 {
		c.changed.Broadcast() // Post or Flush may wait
	}
	var err error
	if o.Type == "error" {
		err = o.refusal()
	}
	return func() { r.done(o, err) }
}

// receiveGapLocked handles a gap notice: it belongs to the page that follows while the client catches up,
// to the answer of a request if it is in the past, or to the live events.
func (c *Client) receiveGapLocked(g *Gap) {
	switch u := c.catchUp; {
	case u != nil && g.After < u.upTo:
		if !slices.ContainsFunc(u.gaps, func(other *Gap) bool { return other.After == g.After }) {
			u.gaps = append(u.gaps, g)
		}
	case u == nil && g.After < c.last:
	default:
		c.arriveLocked(g)
	}
}

// arriveLocked delivers a live event, or holds it while the client catches up.
func (c *Client) arriveLocked(e Event) {
	if c.catchUp == nil {
		c.deliverLocked(e)
		return
	}
	c.catchUp.held.push(e)
	if c.catchUp.held.len() >= maxEvents {
		c.catchUp.held.thin()
	}
}

// deliverLocked appends an event for Next, unless it is a message that the client has. It waits while the
// queue is full.
func (c *Client) deliverLocked(e Event) {
	if m, ok := e.(*Message); ok {
		if m.ID <= c.last {
			return
		}
		c.last = m.ID
	}
	for c.events.len() >= maxEvents && !c.leaving {
		if c.waiting > 0 {
			c.events.thin()
			if c.events.len() < maxEvents {
				break
			}
		}
		c.changed.Wait()
	}
	c.events.deliver(e)
	c.changed.Broadcast()
}

// stopCatchUpLocked delivers what was held, except for messages: the client has left the room, or they come
// again over the next link.
func (c *Client) stopCatchUpLocked() {
	if c.catchUp == nil {
		return
	}
	held := c.catchUp.held
	c.catchUp = nil
	for held.len() > 0 {
		e := held.pop()
		if _, isMessage := e.(*Message); !isMessage {
			c.deliverLocked(e)
		}
	}
}
