package screen

import (
	"fmt"
	"strings"

	"partyline/cmd/partyline/internal/editor"
	"partyline/hub/wire"
)

// maxBytes is the usual limit of servers on a message, in bytes.
const maxBytes = 4096

// maxPaste is the largest text that can be pasted at once, in bytes. A longer line would be slow to edit.
const maxPaste = 256 << 10

// A paste is a text of several lines that the user has pasted, until the user says what to do with it.
type paste struct {
	view *view  // the text is said here, even if another view is shown by then
	text string // with what was typed before and after it
	at   int    // where in the text what is pasted next goes
}

// question returns the question to the user.
func (p *paste) question() string {
	n := strings.Count(p.text, "\n") + 1
	if fits(p.text) {
		return fmt.Sprintf("Paste %d lines? Enter: as one message, l: line by line, Esc: cancel", n)
	}
	return fmt.Sprintf("Paste %d lines? l: line by line, Esc: cancel (one message has at most %d lines and %d bytes)", n, wire.MaxTextLines, maxBytes)
}

// fits reports whether a text can be one message.
func fits(text string) bool {
	return len(text) <= maxBytes && strings.Count(text, "\n") < wire.MaxTextLines
}

// lines returns the lines that are not blank.
func (p *paste) lines() []string {
	var lines []string
	for line := range strings.Lines(p.text) {
		if line = strings.TrimRight(line, "\n"); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// pasted inserts a text that the terminal pasted, or asks if it has several lines. While it asks, what is pasted
// is added to the text.
func (m *model) pasted(text string) {
	lines := editor.PastedLines(text)
	text = strings.Join(lines, "\n")
	p := m.paste
	switch l := &m.view().line; {
	case len(text) > maxPaste || p != nil && len(text)+len(p.text) > maxPaste:
		m.refuse("not pasted: at most %d KiB fit; talk in a pipe says whole files", maxPaste>>10)
	case p != nil:
		p.insert("\n" + text)
	case len(lines) == 1:
		l.Insert(text)
	default:
		m.paste = &paste{view: m.view(), text: l.Text(), at: l.Cursor()}
		m.paste.insert(text)
	}
}

func (p *paste) insert(text string) {
	p.text = p.text[:p.at] + text + p.text[p.at:]
	p.at += len(text)
}

// pasteKey handles a key while the question is asked.
func (m *model) pasteKey(key string) {
	p := m.paste
	switch {
	case key == "enter" && fits(p.text):
		if m.hold(p.view, "") {
			return
		}
		m.say(p.view, wire.VerbSay, p.text)
	case key == "l", key == "L":
		if m.hold(p.view, "") {
			return
		}
		for _, line := range p.lines() {
			m.say(p.view, wire.VerbSay, line)
		}
	case key == "esc", key == "ctrl+c":
		m.paste = nil
		return
	default:
		return
	}
	m.paste = nil
	p.view.line.SetText("")
}
