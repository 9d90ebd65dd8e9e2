package client

import (
	"context"
	"iter"

	"partyline/hub/wire"
)

// The requests with other fields than strings, or with optional ones; the others are maps of strings.
type (
	sinceRequest struct {
		Type  string `json:"type"`
		ID    int64  `json:"id"`
		Limit int    `json:"limit,omitempty"`
		Ref   string `json:"ref"`
	}
	pageRequest struct {
		Type   string `json:"type"`
		Words  string `json:"words,omitempty"`
		Before int64  `json:"before,omitempty"`
		Limit  int    `json:"limit,omitempty"`
		Ref    string `json:"ref"`
	}
	resumeRequest struct {
		Type  string `json:"type"`
		Token string `json:"token,omitempty"`
		Nick  string `json:"nick,omitempty"`
		Room  string `json:"room,omitempty"`
		Share bool   `json:"share,omitempty"`
		Ref   string `json:"ref"`
	}
)

// MaxText is the longest text in bytes that a client says. A server may refuse a shorter one: the usual limit is
// 4 KiB.
const MaxText = 128 << 10

// Say says a message, waits for the server's ack, and returns the message's id. If the connection breaks
// first, Say sends the message again when there is another one; the room receives it once. The error
// is an *Error if the server refuses the message. If ctx is done first, the message may still be sent.
//
// If the server can't store the message for now, the client keeps it and sends it again, at least every 5 s and
// before all later messages, for Options.Patience. An Error event says so, once until the server takes a message.
// If later messages were sent already, the client connects again to keep them back, and the error is that of a
// Disconnected event. Held recognizes both. A server may also say a message without storing it: then the
// Message is Unstored.
func (c *Client) Say(ctx context.Context, text string) (id int64, err error) {
	return c.say(ctx, "say", text)
}

// Act is like Say, for an action: "~ alice waves".
func (c *Client) Act(ctx context.Context, text string) (id int64, err error) {
	return c.say(ctx, "me", text)
}

func (c *Client) say(ctx context.Context, verb, text string) (id int64, err error) {
	if len(text) > MaxText {
		return 0, wire.TooLong(MaxText)
	}
	o, err := c.await(ctx, func(o *outbox) *request { return &request{line: o.message(verb, text), kind: message} })
	if err != nil {
		return 0, err
	}
	return o.ID, nil
}

// Post is like Say, but returns as soon as the client has the message, so that many can be in flight.
// It waits while MaxPending requests are. It calls done once, with the id or the error of the message, from
// another goroutine; done must not wait, and must not call the client.
func (c *Client) Post(ctx context.Context, text string, done func(id int64, err error)) error {
	if len(text) > MaxText {
		return wire.TooLong(MaxText)
	}
	return c.start(ctx, func(o *outbox) *request {
		return &request{text: o.quote(text), kind: message, posted: done}
	})
}

// Flush waits until the server has answered all requests, the functions of Post have returned, and the messages
// that the client has missed have arrived. Messages that are posted before it returns count, too.
func (c *Client) Flush(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.awaitAnswerLocked(ctx, func() bool {
		return c.hadFirst && c.catchUp == nil && c.outbox.len() == 0 && !c.passing || c.err != nil
	}); err != nil {
		return err
	}
	return c.err
}

// Tell sends a private message to the member with a name, in any room.
func (c *Client) Tell(ctx context.Context, nick, text string) error {
	_, err := c.call(ctx, once, func(ref string) any {
		return map[string]string{"type": "msg", "to": nick, "text": text, "ref": ref}
	})
	return err
}

// Rename changes the client's name. A later connection has it, too.
func (c *Client) Rename(ctx context.Context, nick string) error {
	_, err := c.call(ctx, change, func(ref string) any {
		return map[string]string{"type": "nick", "nick": nick, "ref": ref}
	})
	return err
}

// Join leaves the room and enters another one, whose name has no #. A Welcome follows. If another Client of the
// member is in that room, Join returns ErrInRoom.
func (c *Client) Join(ctx context.Context, room string) error {
	if c.identity.othersIn(&c.session, room) {
		return ErrInRoom
	}
	_, err := c.call(ctx, change, func(ref string) any {
		return map[string]string{"type": "join", "room": room, "ref": ref}
	})
	return err
}

// Who returns the members of the room, the first ones if it is large, and their number.
func (c *Client) Who(ctx context.Context) (members []Member, count int, err error) {
	o, err := c.call(ctx, query, func(ref string) any { return map[string]string{"type": "who", "ref": ref} })
	if err != nil {
		return nil, 0, err
	}
	return o.Members, o.Count, nil
}

// Rooms returns the rooms that have members, the largest first.
func (c *Client) Rooms(ctx context.Context) ([]Room, error) {
	o, err := c.call(ctx, query, func(ref string) any { return map[string]string{"type": "rooms", "ref": ref} })
	if err != nil {
		return nil, err
	}
	return o.Rooms, nil
}

// History returns messages of the room before an id, or the newest ones if it is 0, oldest first, and
// whether there are older ones. The server may return fewer than limit; 0 means its default.
func (c *Client) History(ctx context.Context, before int64, limit int) (messages []*Message, more bool, err error) {
	return c.page(ctx, func(ref string) any { return pageRequest{Type: "history", Before: before, Limit: limit, Ref: ref} })
}

// Since returns messages of the room after an id, oldest first, and whether there are newer ones. The
// server may return fewer than limit; 0 means its default.
func (c *Client) Since(ctx context.Context, after int64, limit int) (messages []*Message, more bool, err error) {
	return c.page(ctx, func(ref string) any { return sinceRequest{"since", after, limit, ref} })
}

// Search returns the newest messages of the room that have all words, newest first, and whether there
// may be older ones. Before and limit are as for History.
func (c *Client) Search(ctx context.Context, words string, before int64, limit int) (messages []*Message, more bool, err error) {
	return c.page(ctx, func(ref string) any {
		return pageRequest{Type: "search", Words: words, Before: before, Limit: limit, Ref: ref}
	})
}

func (c *Client) page(ctx context.Context, request func(ref string) any) ([]*Message, bool, error) {
	o, err := c.call(ctx, query, request)
	if err != nil {
		return nil, false, err
	}
	return o.messages(), o.More, nil
}

// Fill returns the messages of a gap in the present room that the server's history has. If the gap has no
// end yet, they may include messages that Next returns later.
func (c *Client) Fill(ctx context.Context, gap *Gap) (messages []*Message, err error) {
	for m, err := range c.Missed(ctx, gap) {
		if err != nil {
			return messages, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// Missed is Fill for a gap that may be large: it asks for a page of messages after the other. After an error it
// ends.
func (c *Client) Missed(ctx context.Context, gap *Gap) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for after := gap.After; ; {
			page, more, err := c.Since(ctx, after, pageSize)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, m := range page {
				if gap.Before > 0 && m.ID >= gap.Before || !yield(m, nil) {
					return
				}
				after = m.ID
			}
			if !more || len(page) == 0 {
				return
			}
		}
	}
}

// call makes a request and waits for its answer.
func (c *Client) call(ctx context.Context, kind kind, encodeWith func(name string) any) (*object, error) {
	return c.await(ctx, func(o *outbox) *request {
		return &request{line: encode(encodeWith(o.name())), kind: kind}
	})
}

// await makes a request without a function for the answer, and waits for the answer.
func (c *Client) await(ctx context.Context, build func(*outbox) *request) (*object, error) {
	var answer *object
	var failure error
	answered := false
	err := c.start(ctx, func(o *outbox) *request {
		r := build(o)
		r.done = func(o *object, err error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			answer, failure, answered = new(object), err, true
			if o != nil {
				*answer = *o
			}
			c.changed.Broadcast()
		}
		return r
	})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.awaitAnswerLocked(ctx, func() bool { return answered }); err != nil {
		return nil, err
	}
	return answer, failure
}
