package screen

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
	"partyline/cmd/partyline/internal/transcript"
	"partyline/hub/wire"
)

// roomOpened says that a room is open, or why not.
type roomOpened struct {
	view   *view
	before *connection // of the room, which has ended; nil if there was none
	client *client.Client
	err    error
}

// openFirst opens the rooms with which the program starts, besides that of the first client, in order.
func (m *model) openFirst() tea.Cmd {
	var cmds []tea.Cmd
	for _, v := range m.views {
		if v != m.view() {
			cmds = append(cmds, m.enterRoom(v, nil))
		}
	}
	return tea.Sequence(cmds...)
}

// openRoom opens a room, or switches to it.
func (m *model) openRoom(name string) tea.Cmd {
	if v := m.findRoom(func(r *room) bool { return strings.EqualFold(r.name, name) }); v != nil {
		m.show(v)
		if v.room.state == closed && m.mayOpen() {
			return m.enterRoom(v, v.room.connection)
		}
		return nil
	}
	if !m.mayOpen() {
		return nil
	}
	v := m.addView(&view{room: m.newRoom(name, m.anyRoom().nick, 0)})
	m.show(v)
	return m.enterRoom(v, nil)
}

// mayOpen reports whether there is a client with which a room can be opened. If there is none, it says so.
func (m *model) mayOpen() bool {
	from := m.anyRoom()
	if from.client == nil {
		m.refuse("#%s is not open yet", from.name)
	}
	return from.client != nil
}

// enterRoom opens the room of a view: as the member that the user is in another room, or with a new client if all
// have ended. before is the connection of the room that has ended, or nil.
func (m *model) enterRoom(v *view, before *connection) tea.Cmd {
	if before != nil && before.client != nil {
		v.room.since = cmp.Or(max(v.room.newest, v.room.last), client.All)
	}
	from, name, since, ctx := m.anyRoom(), v.room.name, v.room.since, m.ctx
	c, ended := from.client, from.state == closed
	v.room.connection = newConnection(m.mail, m.protect)
	v.room.state = connecting
	if before != nil {
		m.close(func() { before.close("") })
	}
	return func() tea.Msg {
		opened := roomOpened{view: v, before: before}
		if ended {
			opened.client, opened.err = m.opts.Dial(ctx, name, since, c.Token())
		} else {
			opened.client, opened.err = c.OpenSince(ctx, name, since)
		}
		return opened
	}
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
		v.room.start(o.client)
	default:
		m.notOpened(v, o)
	}
}

// notOpened says why a room is not open. What was said in it is not sent. The view stays, so that the user can try again
// later, unless there is no such room.
func (m *model) notOpened(v *view, o roomOpened) {
	reason := o.err.Error()
	var dial *client.DialError
	if errors.As(o.err, &dial) {
		reason = dial.Err.Error()
	}
	var refusal *client.Error
	isWrong := errors.Is(o.err, client.ErrInRoom) || errors.As(o.err, &refusal) && refusal.Code == wire.CodeRoomInvalid
	text := fmt.Sprintf("#%s can't be opened: %s", v.room.name, reason)
	if isWrong && v.line.Text() == "" && (m.paste == nil || m.paste.view != v) {
		m.removeView(v)
	} else {
		v.room.state, v.room.reason = closed, reason
		text += "; /join " + v.room.name + " tries again"
		if v != m.view() {
			v.tell(transcript.Failure, text)
		}
	}
	if o.before != nil {
		v.room.connection = o.before
	}
	m.refuse("%s", text)
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
