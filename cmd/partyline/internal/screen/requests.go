package screen

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
	"partyline/cmd/partyline/internal/transcript"
)

// The answers to requests.
type (
	// whoAnswer lists the members of a room.
	whoAnswer struct {
		in      *view // that shows them; nil if the user did not ask
		room    *room
		members []client.Member
		count   int
		err     error
	}
	// roomsAnswer lists the rooms of the server.
	roomsAnswer struct {
		in    *view // that shows them; nil if the user did not ask
		rooms []client.Room
		err   error
	}
)

// askMembers asks for the members of a room, which a view shows, if it is not nil.
func (m *model) askMembers(r *room, v *view) tea.Cmd {
	c, ctx := r.client, m.ctx
	return func() tea.Msg {
		members, count, err := c.Who(ctx)
		return whoAnswer{v, r, members, count, err}
	}
}

func (m *model) whoAnswered(a whoAnswer) {
	if a.err != nil {
		if a.in != nil {
			a.in.tell(transcript.Failure, a.err.Error())
		}
		return
	}
	a.room.setMembers(a.members, a.count)
	m.watch(a.room, nil)
	if a.in == nil {
		return
	}
	names := make([]string, len(a.members))
	for i, member := range a.members {
		names[i] = member.Nick
	}
	line := strings.Join(names, ", ")
	if others := a.count - len(names); others > 0 {
		line += fmt.Sprintf(" and %d others", others)
	}
	a.in.tell(transcript.Answer, fmt.Sprintf("#%s, %s: %s", a.room.name, plural(a.count, "member"), line))
}

// listRooms asks for the rooms of the server, which a view shows, if it is not nil.
func (m *model) listRooms(r *room, v *view) tea.Cmd {
	c, ctx := r.client, m.ctx
	m.roomsAt = m.now()
	return func() tea.Msg {
		rooms, err := c.Rooms(ctx)
		return roomsAnswer{v, rooms, err}
	}
}

func (m *model) roomsAnswered(a roomsAnswer) {
	if a.err != nil {
		if a.in != nil {
			a.in.tell(transcript.Failure, a.err.Error())
		}
		return
	}
	m.rooms = m.rooms[:0]
	texts := make([]string, len(a.rooms))
	for i, r := range a.rooms {
		m.rooms = append(m.rooms, r.Room)
		texts[i] = fmt.Sprintf("#%s (%d)", r.Room, r.Count)
	}
	if a.in != nil {
		a.in.tell(transcript.Answer, strings.Join(texts, ", "))
	}
}

// renamed says that the user has another name, or why not.
type renamed struct {
	in   *view
	nick string
	err  error
}

// rename changes the user's name.
func (m *model) rename(r *room, nick string) tea.Cmd {
	v, c, ctx := m.view(), r.client, m.ctx
	return func() tea.Msg { return renamed{v, nick, c.Rename(ctx, nick)} }
}

func (m *model) renameAnswered(a renamed) {
	switch {
	case a.err != nil:
		a.in.tell(transcript.Failure, "the name is not changed: "+a.err.Error())
	case m.opts.Named != nil:
		m.opts.Named(a.nick)
		for _, v := range m.views {
			if v.isRoom() {
				v.room.saved = 0 // what is read is remembered by name
			}
		}
	}
}
