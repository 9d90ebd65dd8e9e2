package screen

import (
	"context"
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
)

// roomOpened says that a room is open, or why not.
type roomOpened struct {
	view   *view
	before *connection // of the room, which has ended; nil if the room was not open before
	client *client.Client
	missed []client.Event // since then
	err    error
}

// openRoom opens a room, or switches to it.
func (m *model) openRoom(name string) tea.Cmd {
	if v := m.findRoom(func(r *room) bool { return strings.EqualFold(r.name, name) }); v != nil {
		m.show(v)
		if v.room.state == closed {
			return m.enterRoom(v, v.room.connection)
		}
		return nil
	}
	from := m.anyRoom()
	if from.client == nil {
		m.refuse("#%s is not open yet", from.name)
		return nil
	}
	v := m.addView(&view{room: m.newRoom(name, from.nick)})
	m.show(v)
	return m.enterRoom(v, nil)
}

// enterRoom opens the room of a view: as the member that the user is in another room, or with a new client if all
// have ended. before is the connection of the room that has ended, or nil.
func (m *model) enterRoom(v *view, before *connection) tea.Cmd {
	from, name, ctx := m.anyRoom(), v.room.name, m.ctx
	c, ended, last := from.client, from.state == closed, max(v.room.newest, v.room.last)
	v.room.connection = newConnection(m.mail, m.protect)
	v.room.state = connecting
	if before != nil {
		m.close(func() { before.close("") })
	}
	return func() tea.Msg {
		opened := roomOpened{view: v, before: before}
		if ended {
			opened.client, opened.err = m.opts.Dial(ctx, name, c.Token())
		} else {
			opened.client, opened.err = c.Open(ctx, name)
		}
		if before != nil && opened.err == nil {
			opened.missed = missedSince(ctx, opened.client, last)
		}
		return opened
	}
}

// missedSince returns the messages of a room after an id, and a gap if there are many.
func missedSince(ctx context.Context, c *client.Client, last int64) (missed []client.Event) {
	messages, more, err := c.Since(ctx, last, maxPage)
	for _, message := range messages {
		missed = append(missed, message)
		last = message.ID
	}
	if more || err != nil {
		missed = append(missed, &client.Gap{After: last, Missed: -1})
	}
	return missed
}

// roomOpened connects the view of a room that is open.
func (m *model) roomOpened(o roomOpened) {
	v := o.view
	switch {
	case !slices.Contains(m.views, v): // it was closed before the room was open
		m.failAll(v)
		if o.err == nil {
			m.close(func() { o.client.Close() })
		}
	case o.err == nil:
		for _, e := range o.missed {
			v.add(e)
			if message, ok := e.(*client.Message); ok {
				v.room.newest = message.ID
			}
		}
		v.room.start(o.client)
	default:
		m.notOpened(v, o)
	}
}

// notOpened says why a room is not open. What was said in it is not sent.
func (m *model) notOpened(v *view, o roomOpened) {
	reason := o.err.Error()
	var dial *client.DialError
	if errors.As(o.err, &dial) {
		reason = dial.Err.Error()
	}
	if o.before != nil || v.line.Text() != "" || m.paste != nil && m.paste.view == v {
		v.room.state, v.room.reason = closed, reason
	} else {
		m.removeView(v)
	}
	if o.before != nil {
		v.room.connection = o.before
	}
	m.refuse("#%s can't be opened: %s", v.room.name, reason)
	m.failAll(v)
}

// failAll says that what was said in a view is not sent, because its room is not open.
func (m *model) failAll(v *view) {
	for _, out := range slices.Clone(m.unanswered) {
		if out.view == v {
			m.settle(answer{out: out, err: errors.New("the room is not open")})
		}
	}
}
