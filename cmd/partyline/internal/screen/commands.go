package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"partyline/cmd/partyline/internal/transcript"
	"partyline/hub/wire"
)

// localCommands are those that only this program has.
var localCommands = []struct{ usage, help string }{
	{"/close", "close this view, and leave its room"},
	{"/keys", "the keys"},
}

// notHere are the commands of the text format that make no sense in this program.
var notHere = []wire.Verb{wire.VerbFormat, wire.VerbVerbatim}

// commandNames returns the names of all commands, without the slash.
func commandNames() []string {
	var names []string
	for _, line := range helpLines() {
		if name, _, _ := strings.Cut(line[1:], " "); !strings.HasPrefix(name, "/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// helpLines returns the answer to /help.
func helpLines() []string {
	lines := slices.DeleteFunc(wire.HelpLines(), func(line string) bool {
		return slices.ContainsFunc(notHere, func(verb wire.Verb) bool { return strings.HasPrefix(line, "/"+string(verb)) })
	})
	for i, line := range lines {
		if strings.HasPrefix(line, "/join") {
			lines[i] = helpLine("/join ROOM", "open a room, or switch to it")
		}
	}
	for _, c := range localCommands {
		lines = append(lines, helpLine(c.usage, c.help))
	}
	return lines
}

func helpLine(usage, help string) string { return fmt.Sprintf("%-17s %s", usage, help) }

// enter handles a line that the user entered.
func (m *model) enter(line string) tea.Cmd {
	switch word, rest, _ := strings.Cut(strings.TrimSpace(line), " "); {
	case strings.EqualFold(word, "/close") && rest == "":
		m.closeView()
		return nil
	case strings.EqualFold(word, "/keys") && rest == "":
		m.answer(keyLines...)
		return nil
	case strings.EqualFold(word, "/msg") && rest != "" && !strings.ContainsAny(strings.TrimSpace(rest), " \t"):
		m.show(m.conversation(strings.TrimSpace(rest)))
		return nil
	}
	q, bad := wire.ParseText(line, false)
	switch {
	case bad != nil && bad.Code == wire.CodeUnknownCommand:
		name, _, _ := strings.Cut(line, " ")
		m.refuse("unknown command %s: /help lists the commands, /%s says it", name, line)
	case bad != nil:
		m.refuse("%s", bad.Message)
	case q != nil:
		return m.do(q, line)
	}
	return nil
}

// do does what a line asks for.
func (m *model) do(q *wire.Request, line string) tea.Cmd {
	v := m.view()
	switch q.Verb {
	case wire.VerbSay, wire.VerbMe:
		if !m.hold(v, line) {
			m.say(v, q.Verb, q.Text)
		}
	case wire.VerbMsg:
		v := m.conversation(q.Name)
		m.show(v)
		if !m.hold(v, line) {
			m.say(v, wire.VerbSay, q.Text)
		}
	case wire.VerbJoin:
		return m.openRoom(q.Name)
	case wire.VerbHelp:
		m.answer(append(append(helpLines(), ""), keyLines...)...)
	case wire.VerbQuit:
		m.parting = q.Text
		return m.quit()
	case wire.VerbFormat, wire.VerbVerbatim:
		m.refuse("/%s is for netcat: this program does not need it", q.Verb)
	default:
		return m.ask(m.roomOf(v), q)
	}
	return nil
}

// ask makes a request in a room.
func (m *model) ask(r *room, q *wire.Request) tea.Cmd {
	if r.client == nil {
		m.refuse("#%s is not open yet", r.name)
		return nil
	}
	switch q.Verb {
	case wire.VerbNick:
		return m.rename(r, q.Name)
	case wire.VerbWho:
		return m.askMembers(r, m.view())
	case wire.VerbRooms:
		return m.listRooms(r, m.view())
	case wire.VerbHistory, wire.VerbSince:
		return m.locate(r, q)
	case wire.VerbSearch:
		return m.search(r, q.Text)
	}
	m.refuse("/%s can't be used here", q.Verb)
	return nil
}

// say says a text in a view: in its room, or to its peer.
func (m *model) say(v *view, verb wire.Verb, text string) {
	r := m.roomOf(v)
	if r.state == closed {
		m.refuse("not sent (%s): %s", r.reason, text)
		return
	}
	m.said++
	o := &outgoing{view: v, key: strconv.Itoa(m.said), verb: verb, text: text}
	if v.peer != "" {
		o.verb, o.to = wire.VerbMsg, v.peer
		if verb == wire.VerbMe {
			o.text = "* " + r.nick + " " + text
		}
		v.log.Tell(o.key, o.to, o.text)
	} else {
		if v.results != nil {
			m.show(m.viewOf(r))
			o.view = m.view()
		}
		o.view.log.Say(o.key, o.text, verb == wire.VerbMe)
	}
	o.view.log.ToEnd()
	m.unanswered = append(m.unanswered, o)
	r.post(o)
}

// without returns the messages without one of them.
func without(messages []*outgoing, o *outgoing) []*outgoing {
	return slices.DeleteFunc(messages, func(other *outgoing) bool { return other == o })
}

// answer shows lines in the present view that no other member sees.
func (m *model) answer(lines ...string) {
	m.view().tell(transcript.Answer, strings.Join(lines, "\n"))
}

// refuse shows in the present view why something was not done.
func (m *model) refuse(format string, args ...any) {
	m.view().tell(transcript.Failure, fmt.Sprintf(format, args...))
}
