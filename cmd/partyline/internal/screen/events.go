package screen

import (
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
	"partyline/cmd/partyline/internal/transcript"
)

// takeAll handles what the connections report.
func (m *model) takeAll(items batch) tea.Cmd {
	var cmds []tea.Cmd
	before := m.mentions()
	for _, item := range items {
		switch item := item.(type) {
		case arrived:
			cmds = append(cmds, m.arrived(item))
		case answer:
			m.settle(item)
		case ended:
			m.ended(item)
		}
	}
	if m.opts.Bell && m.mentions() > before {
		cmds = append(cmds, tea.Raw("\a"))
	}
	return tea.Batch(cmds...)
}

// arrived adds an event to the view that shows it.
func (m *model) arrived(a arrived) (cmd tea.Cmd) {
	v := m.viewOfConnection(a.from)
	if v == nil {
		return nil // it was closed
	}
	complete := v.room.complete
	v.room.note(a.event, m.now())
	m.watch(v.room, a.event)
	switch e := a.event.(type) {
	case *client.Welcome:
		if v.room.saved > e.Last {
			v.room.saved = 0 // in a history that is lost
		}
		if m.opts.Welcome != nil {
			m.opts.Welcome(e)
		}
		cmd = m.listRooms(v.room, nil)
	case *client.Private:
		m.private(v, e)
		return nil
	case *client.Gap: // also of arrivals and departures
		if complete {
			cmd = m.askMembers(v.room, nil)
		}
	case *client.Renamed:
		m.renamed(v, e)
	}
	v.add(a.event)
	return cmd
}

// renamed shows in the conversations that the user has taken another name. Each room has this event.
func (m *model) renamed(in *view, e *client.Renamed) {
	if e.To != in.room.nick || in.room != m.anyRoom() {
		return
	}
	for _, v := range m.views {
		if v.peer != "" {
			v.add(e)
		}
	}
}

// private adds a private message, which arrived in a room, to its conversation. If there are many, a new one does
// not begin: the room shows the message.
func (m *model) private(in *view, e *client.Private) {
	switch {
	case e.Sent:
		in = m.conversation(e.To)
	case m.findConversation(e.From) != nil || m.conversations() < maxConversations:
		in = m.conversation(e.From)
		m.received(in)
	}
	in.add(e)
}

// settle notes the answer to a message. A message that was not sent is shown as such.
func (m *model) settle(a answer) {
	m.unanswered = without(m.unanswered, a.out)
	v := a.out.view
	if a.err == nil {
		v.log.Acked(a.out.key, a.id)
		return
	}
	reason := a.err.Error()
	if errors.Is(a.err, client.ErrInterrupted) {
		reason += ": it may have arrived"
	}
	if !slices.Contains(m.views, v) { // it was closed
		m.refuse("not sent to %s (%s): %s", v.title(), reason, a.out.text)
		return
	}
	v.log.Failed(a.out.key, reason)
	v.print(printable{kind: transcript.Failure, text: "not sent (" + reason + "): " + a.out.text})
}

// ended notes that a client has ended for good.
func (m *model) ended(e ended) {
	v := m.viewOfConnection(e.from)
	if v == nil || m.ctx.Err() != nil {
		return
	}
	reason := e.err.Error()
	var bye *client.ByeError
	if errors.As(e.err, &bye) && bye.Reason == "resumed" {
		reason = "another program has entered this room with your name"
	}
	v.room.state, v.room.reason = closed, reason
	v.tell(transcript.Failure, reason+": /join "+v.room.name+" enters it again")
	m.watch(v.room, nil)
}
