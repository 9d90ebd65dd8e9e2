package screen

import "partyline/cmd/partyline/internal/editor"

// editKey handles a key that edits the line. It reports whether it is one.
func (m *model) editKey(l *editor.Line, key string) bool {
	if edit, ok := editKeys[key]; ok {
		edit(l)
		return true
	}
	return false
}

// editKeys are the keys that edit the line.
var editKeys = map[string]func(*editor.Line){
	"left":          (*editor.Line).Left,
	"ctrl+b":        (*editor.Line).Left,
	"right":         (*editor.Line).Right,
	"ctrl+f":        (*editor.Line).Right,
	"alt+b":         (*editor.Line).WordLeft,
	"alt+left":      (*editor.Line).WordLeft,
	"ctrl+left":     (*editor.Line).WordLeft,
	"alt+f":         (*editor.Line).WordRight,
	"alt+right":     (*editor.Line).WordRight,
	"ctrl+right":    (*editor.Line).WordRight,
	"home":          (*editor.Line).Home,
	"ctrl+a":        (*editor.Line).Home,
	"end":           (*editor.Line).End,
	"ctrl+e":        (*editor.Line).End,
	"up":            (*editor.Line).Up,
	"down":          (*editor.Line).Down,
	"alt+enter":     func(l *editor.Line) { l.Insert("\n") },
	"shift+enter":   func(l *editor.Line) { l.Insert("\n") },
	"backspace":     (*editor.Line).Backspace,
	"ctrl+h":        (*editor.Line).Backspace,
	"delete":        (*editor.Line).Delete,
	"ctrl+u":        (*editor.Line).KillToStart,
	"ctrl+k":        (*editor.Line).KillToEnd,
	"alt+backspace": (*editor.Line).KillWordLeft,
	"alt+d":         (*editor.Line).KillWordRight,
	"ctrl+w":        (*editor.Line).KillFieldLeft,
	"ctrl+y":        (*editor.Line).Yank,
	"alt+y":         (*editor.Line).YankPop,
	"ctrl+t":        (*editor.Line).Transpose,
	"ctrl+_":        (*editor.Line).Undo,
	"ctrl+/":        (*editor.Line).Undo,
}

// searchKey handles a key of the search in the lines entered before. It reports false if the search has
// ended, and the key does what it does in the line.
func (m *model) searchKey(key, text string) bool {
	s := m.searching
	switch {
	case key == "ctrl+r" || key == "up":
		s.Older()
	case key == "ctrl+s" || key == "down":
		s.Newer()
	case key == "backspace" || key == "ctrl+h":
		s.Backspace()
	case key == "esc" || key == "ctrl+c" || key == "ctrl+g":
		m.searching = nil
	case text != "":
		s.Insert(text)
	default:
		m.searching = nil
		if entry, ok := s.Match(); ok && entry != "" {
			m.view().line.SetText(entry)
		}
		return false
	}
	return true
}
