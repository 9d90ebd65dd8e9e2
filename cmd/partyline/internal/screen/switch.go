package screen

import (
	"slices"
	"strings"

	"partyline/cmd/partyline/internal/transcript"
)

// view returns the view that is shown.
func (m *model) view() *view { return m.views[m.current] }

// addView adds a view after the others.
func (m *model) addView(v *view) *view {
	v.line.Kills, v.line.History = &m.kills, &m.entered
	if v.log == nil {
		o := transcript.Options{Nick: m.opts.Client.Nick(), Style: m.style, Zone: m.opts.Zone, Now: m.now}
		if v.peer != "" {
			o.Kind, o.Nick = transcript.Conversation, m.anyRoom().nick
		} else {
			o.Nick, o.Read = v.room.nick, v.room.since
		}
		v.log = transcript.New(o)
		if m.opts.Inline {
			v.printer = transcript.NewPrinter(o)
		}
	}
	m.views = append(m.views, v)
	return v
}

// removeView removes a view. If it was shown, the one that was shown before is shown again, if it is still open, and
// else the one to its left.
func (m *model) removeView(v *view) {
	shown, i := m.view(), slices.Index(m.views, v)
	m.views = slices.Delete(m.views, i, i+1)
	switch {
	case shown != v:
	case slices.Contains(m.views, m.previous):
		shown = m.previous
	default:
		shown = m.views[max(i-1, 0)]
	}
	m.current = slices.Index(m.views, shown)
	shown.setReading(!m.blurred)
}

// show switches to a view, if it is not closed.
func (m *model) show(v *view) {
	if i := slices.Index(m.views, v); i >= 0 && i != m.current {
		m.previous = m.view()
		m.previous.setReading(false)
		m.current = i
		v.setReading(!m.blurred)
	}
}

// showNumber switches to the view with a number from 1.
func (m *model) showNumber(n int) {
	if n >= 1 && n <= len(m.views) {
		m.show(m.views[n-1])
	}
}

// step switches to the next view, or with -1 to the previous one.
func (m *model) step(n int) {
	m.show(m.views[(m.current+n+len(m.views))%len(m.views)])
}

// anyRoom returns a room for what needs no certain one: one that has a client, or else one that will have it, or else
// one that had it. Of these it is the first.
func (m *model) anyRoom() *room {
	var any *room
	for _, v := range m.views {
		if v.isRoom() && (any == nil || v.room.use() > any.use()) {
			any = v.room
		}
	}
	return any
}

// use returns how useful a room is as anyRoom.
func (r *room) use() int {
	switch {
	case r.state != closed && r.client != nil:
		return 3
	case r.state != closed:
		return 2
	case r.client != nil:
		return 1
	}
	return 0
}

// roomOf returns the room of a view, or for a private conversation any room.
func (m *model) roomOf(v *view) *room {
	if v.room != nil {
		return v.room
	}
	return m.anyRoom()
}

// viewOf returns the view of a room.
func (m *model) viewOf(r *room) *view {
	return m.findRoom(func(other *room) bool { return other == r })
}

// viewOfConnection returns the view of the room with a connection, or nil if it was closed.
func (m *model) viewOfConnection(n *connection) *view {
	return m.findRoom(func(r *room) bool { return r.connection == n })
}

// findRoom returns the view of the first room for which is returns true, or nil.
func (m *model) findRoom(is func(*room) bool) *view {
	for _, v := range m.views {
		if v.isRoom() && is(v.room) {
			return v
		}
	}
	return nil
}

// maxConversations is how many conversations others can begin. Members that take many names can't fill the memory.
const maxConversations = 50

// conversation returns the view of the conversation with a member, which it adds if it is missing.
func (m *model) conversation(peer string) *view {
	if v := m.findConversation(peer); v != nil {
		return v
	}
	v := m.addView(&view{peer: peer, sighting: sighting{at: m.now()}, ready: true})
	m.look(v)
	if v.in == nil {
		v.tell(transcript.Notice, "no room of yours would show that "+peer+" leaves: you will not learn here if another member takes this name")
	}
	return v
}

func (m *model) findConversation(peer string) *view {
	i := slices.IndexFunc(m.views, func(v *view) bool { return v.peer != "" && strings.EqualFold(v.peer, peer) })
	if i < 0 {
		return nil
	}
	return m.views[i]
}

// conversations returns how many conversations are open.
func (m *model) conversations() (n int) {
	for _, v := range m.views {
		if v.peer != "" {
			n++
		}
	}
	return n
}

// close calls a function that closes a connection or a client, which takes a moment. The end waits for it.
func (m *model) close(f func()) { m.closing.Go(func() { m.protect(f) }) }

// closeView closes the view that is shown.
func (m *model) closeView() {
	v := m.view()
	if !v.isRoom() {
		m.removeView(v)
		return
	}
	if m.findRoom(func(r *room) bool { return r != v.room && r.client != nil }) == nil { // without a client no room can be opened
		v.tell(transcript.Failure, "this is the only open room: /quit leaves")
		return
	}
	m.save()
	for _, other := range slices.Clone(m.views) {
		if other.results != nil && other.room == v.room {
			m.removeView(other)
		}
	}
	m.removeView(v)
	v.room.state = closed
	m.watch(v.room, nil)
	n := v.room.connection
	m.close(func() { n.flushAndClose(m.ctx) })
}

// setReading says whether the user sees a view.
func (v *view) setReading(reading bool) {
	v.shown = reading
	v.log.SetReading(reading)
}

// setStyle changes how a view looks.
func (v *view) setStyle(s transcript.Style) {
	v.log.SetStyle(s)
	if v.printer != nil {
		v.printer.SetStyle(s)
	}
}

// mentions returns how many messages in the views mention the user.
func (m *model) mentions() int {
	sum := 0
	for _, v := range m.views {
		sum += v.log.Mentioned()
	}
	return sum
}
