package screen

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

const (
	prompt     = "> "
	maxRows    = 6 // of the input
	maxPending = 5 // lines of messages that are not sent, with --inline
)

// Styles of text.
const (
	styleReverse = "\x1b[7m"
	styleFaint   = "\x1b[2m"
	styleBold    = "\x1b[1m"
	styleReset   = "\x1b[m"
)

func reverse(s string) string { return styleReverse + s + styleReset }
func faint(s string) string   { return styleFaint + s + styleReset }

// View returns what is on the screen.
func (m *model) View() tea.View {
	if m.exiting && m.opts.Inline {
		return tea.NewView("")
	}
	v := m.view()
	input, x, y := m.inputRows()
	below := m.choiceLines()
	if m.height > 1 {
		below = append(below, m.statusLine(m.now()))
	}
	y += len(below)
	below = append(below, input...)
	var lines []string
	switch height := max(m.height-len(below), 0); {
	case v.printer == nil && v.results == nil, !m.opts.Inline:
		lines = v.log.Lines(m.width, height)
	case v.results != nil:
		lines = v.log.Lines(m.width, min(height, m.height*2/3))
	default:
		lines = m.pendingLines(v, height)
	}
	y += len(lines)
	lines = append(lines, below...)
	if extra := len(lines) - m.height; extra > 0 {
		lines, y = lines[extra:], y-extra
	}
	m.frame = len(lines)
	view := tea.NewView(drawable(strings.Join(lines, "\n"), m.style.Method))
	const usual = tea.CursorShape(-1) // it is encoded as 0: the cursor keeps the shape that the user has chosen
	view.Cursor = &tea.Cursor{Position: tea.Position{X: x, Y: y}, Shape: usual}
	view.ReportFocus = true
	view.WindowTitle = m.title()
	if !m.opts.Inline {
		view.AltScreen = true
		view.MouseMode = tea.MouseModeCellMotion
	}
	return view
}

// title returns the title of the window.
func (m *model) title() string {
	sum := 0
	for _, v := range m.views {
		n, _ := v.log.Unread()
		sum += n
	}
	title := m.view().title() + " - partyline"
	if sum > 0 {
		return fmt.Sprintf("(%d) %s", sum, title)
	}
	return title
}

// pendingLines returns the messages that are not sent yet, for a terminal that keeps what is printed.
func (m *model) pendingLines(v *view, height int) []string {
	var lines []string
	for _, o := range m.unanswered {
		if o.view == v {
			lines = append(lines, faint(m.style.Method.Truncate("sending: "+oneRow(o.text), m.width, "…")))
		}
	}
	return lines[max(len(lines)-min(height, maxPending), 0):]
}

// choiceLines returns the line with the choices of a completion, if there are any.
func (m *model) choiceLines() []string {
	words, selected := m.completion.Shown(&m.view().line)
	if len(words) == 0 || m.height < 4 {
		return nil
	}
	var b strings.Builder
	for i := max(selected-2, 0); i < len(words) && m.style.Method.StringWidth(b.String()) < m.width; i++ {
		if word := words[i]; i == selected {
			b.WriteString(reverse(word) + "  ")
		} else {
			b.WriteString(faint(word) + "  ")
		}
	}
	return []string{m.style.Method.Truncate(b.String(), m.width, "…")}
}

// inputRows returns the lines of the input, and the position of the cursor in them.
func (m *model) inputRows() (rows []string, x, y int) {
	if m.paste != nil {
		return m.question(m.paste.question())
	}
	if m.quitting {
		return m.question(fmt.Sprintf("Waiting until %s sent. Ctrl-C: leave at once", areMessages(len(m.unanswered))))
	}
	if s := m.searching; s != nil {
		entry, ok := s.Match()
		label := "search: "
		if !ok {
			label = "not found: "
		}
		head := label + s.Query()
		row := head + "  " + faint(oneRow(entry))
		return []string{m.style.Method.Truncate(row, m.width, "…")}, min(m.style.Method.StringWidth(head), m.width-1), 0
	}
	head := prompt
	if m.width < 20 {
		head = ""
	}
	w := m.view().line.Window(m.width-len(head), max(min(maxRows, m.height/3), 1), m.style.Method)
	for i, row := range w.Rows {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		rows = append(rows, head+row)
	}
	return rows, len(head) + w.Column, w.Row
}

// oneRow returns a text with the signs of the input for LF and TAB.
func oneRow(text string) string { return strings.NewReplacer("\n", "⏎", "\t", "⇥").Replace(text) }

// question returns the rows of a question, with the cursor after it.
func (m *model) question(text string) (rows []string, x, y int) {
	rows = strings.Split(m.style.Method.Wrap(text, max(m.width-1, 1), ""), "\n")
	y = len(rows) - 1
	for i := range rows {
		rows[i] = m.style.Method.Truncate(rows[i], m.width, "")
		x = m.style.Method.StringWidth(rows[i])
		rows[i] = styleBold + rows[i] + styleReset
	}
	return rows, min(x, m.width-1), y
}

func areMessages(n int) string {
	if n == 1 {
		return "1 message is"
	}
	return fmt.Sprintf("%d messages are", n)
}
