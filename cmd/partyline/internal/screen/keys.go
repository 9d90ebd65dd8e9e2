package screen

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"partyline/cmd/partyline/internal/editor"
	"partyline/hub/wire"
)

// keyLines is the answer to /keys.
var keyLines = []string{
	"Enter, Alt-Enter  say the line; add another line to it",
	"Tab               complete a name, a #room or a /command",
	"Up, Down, Ctrl-R  earlier lines; search them",
	"Ctrl-A, Ctrl-E    go to the start, to the end of the line",
	"Alt-B, Alt-F      go a word to the left, to the right",
	"Ctrl-W, Alt-D     cut the word before, after the cursor",
	"Ctrl-U, Ctrl-K    cut to the start, to the end of the line",
	"Ctrl-Y, Alt-Y     insert what was cut last, before that",
	"Ctrl-_            undo",
	"PgUp, PgDn        scroll, like the wheel and Shift-Up, -Down",
	"Ctrl-Home, -End   show the oldest messages, the newest",
	"Alt-1 to Alt-9    show a room or a conversation",
	"Ctrl-N, Ctrl-P    show the next one, the previous one",
	"Alt-A, Alt-U      show the next unread view; where it starts",
	"Shift and mouse   select text, as without the program",
	"Ctrl-L, Ctrl-Z    draw the screen again; suspend",
	"Ctrl-C            empty the line; in an empty line, leave",
}

// key handles a key.
func (m *model) key(msg tea.KeyPressMsg) tea.Cmd {
	m.setBlurred(false)
	key := msg.Keystroke()
	switch {
	case m.paste != nil:
		m.pasteKey(key)
		return nil
	case m.searching != nil && m.searchKey(key, msg.Text):
		return nil
	}
	v := m.view()
	if v.results != nil && (key != "enter" || v.line.Text() == "") {
		if cmd, ok := m.resultsKey(v, key); ok {
			return cmd
		}
	}
	if cmd, ok := m.programKey(v, key); ok {
		return cmd
	}
	if m.scrollKey(v, key) || m.editKey(&v.line, key) {
		return nil
	}
	if msg.Text != "" {
		v.line.Insert(msg.Text)
	}
	return nil
}

// programKey handles a key of the program as a whole. It reports whether it is one.
func (m *model) programKey(v *view, key string) (cmd tea.Cmd, ok bool) {
	if n, alt := strings.CutPrefix(key, "alt+"); alt && len(n) == 1 && n[0] >= '1' && n[0] <= '9' {
		m.showNumber(int(n[0] - '0'))
		return nil, true
	}
	switch key {
	case "enter", "kpenter", "ctrl+j", "ctrl+m":
		return m.enterLine(v), true
	case "ctrl+c":
		if m.quitting || v.line.Text() == "" {
			return m.quit(), true
		}
		v.line.SetText("")
	case "ctrl+d":
		if v.line.Text() == "" {
			return m.quit(), true
		}
		v.line.Delete()
	case "ctrl+z":
		return m.suspend(), true
	case "ctrl+l":
		return tea.ClearScreen, true
	case "ctrl+n", "ctrl+pgdown":
		m.step(1)
	case "ctrl+p", "ctrl+pgup":
		m.step(-1)
	case "alt+a":
		m.showUnread()
	case "ctrl+r":
		m.searching = m.entered.Search()
	case "tab":
		m.completion.Next(&v.line, m.candidates(v))
		return m.refreshRooms(v), true
	case "shift+tab":
		m.completion.Previous(&v.line, m.candidates(v))
	case "esc":
		v.log.ToEnd()
	default:
		return nil, false
	}
	return nil, true
}

// enterLine takes the line that the user has typed.
func (m *model) enterLine(v *view) tea.Cmd {
	text := v.line.Text()
	if strings.TrimSpace(text) == "" {
		v.line.SetText("")
		return nil
	}
	if !fits(text) {
		m.refuse("too long for one message: at most %d lines and %d bytes", wire.MaxTextLines, maxBytes)
		return nil
	}
	v.line.Take()
	if m.opts.Entered != nil {
		m.opts.Entered(text)
	}
	return m.enter(text)
}

// showUnread switches to the next view that has unread messages, those with mentions first.
func (m *model) showUnread() {
	var best *view
	bestMentions := 0
	for i := range m.views {
		v := m.views[(m.current+1+i)%len(m.views)]
		if messages, mentions := v.log.Unread(); v != m.view() && messages > 0 && (best == nil || mentions > bestMentions) {
			best, bestMentions = v, mentions
		}
	}
	if best != nil {
		m.show(best)
	}
}

// candidates returns what Tab completes to.
func (m *model) candidates(v *view) editor.Candidates {
	c := editor.Candidates{Names: m.roomOf(v).names(), Rooms: m.rooms, Commands: commandNames()}
	for _, other := range m.views {
		if other.isRoom() {
			c.Rooms = append(c.Rooms[:len(c.Rooms):len(c.Rooms)], other.room.name)
		}
		if other.peer != "" {
			c.Names = append(c.Names, other.peer)
		}
	}
	return c
}

// refreshRooms asks for the rooms if the user types one, and the server was asked a while ago.
func (m *model) refreshRooms(v *view) tea.Cmd {
	const fresh = 10 * time.Second
	r := m.roomOf(v)
	if r.state != connected || m.now().Sub(m.roomsAt) < fresh || !strings.ContainsAny(v.line.Text(), "#/") {
		return nil
	}
	return m.listRooms(r, nil)
}

// scrollKey handles a key that scrolls. It reports whether it is one.
func (m *model) scrollKey(v *view, key string) bool {
	if v.printer != nil {
		return false // the terminal scrolls
	}
	switch key {
	case "pgup":
		v.log.PageUp()
	case "pgdown":
		v.log.PageDown()
	case "shift+up":
		v.log.ScrollUp(1)
	case "shift+down":
		v.log.ScrollDown(1)
	case "ctrl+home":
		v.log.ToTop()
	case "ctrl+end":
		v.log.ToEnd()
	case "alt+u":
		v.log.ToUnread()
	default:
		return false
	}
	return true
}

// wheel scrolls with the mouse.
func (m *model) wheel(msg tea.MouseWheelMsg) {
	const lines = 3
	switch msg.Button {
	case tea.MouseWheelUp:
		m.view().log.ScrollUp(lines)
	case tea.MouseWheelDown:
		m.view().log.ScrollDown(lines)
	}
}
