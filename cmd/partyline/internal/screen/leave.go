package screen

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// quit leaves when everything that the user said is answered, or after a while. The second time it leaves
// at once.
func (m *model) quit() tea.Cmd {
	if m.quitting {
		return m.exit()
	}
	m.quitting = true
	return tea.Tick(flushTime, func(time.Time) tea.Msg { return gaveUp{} })
}

// gaveUp says that the user has waited long enough, or that a signal ends the program.
type gaveUp struct{}

// exit ends the program. With --inline it takes the input off the screen.
func (m *model) exit() tea.Cmd {
	m.exiting = true
	return tea.Quit
}

// end closes all connections when the program has ended and ctx is done. It returns the messages that were not sent.
func (m *model) end() (unsent []string) {
	m.save()
	for _, v := range m.views {
		if v.isRoom() {
			m.close(func() { v.room.close(m.parting) })
		}
	}
	m.closing.Wait()
	for _, item := range m.mail.items {
		if a, ok := item.(answer); ok && a.err == nil {
			m.unanswered = without(m.unanswered, a.out)
		}
	}
	for _, o := range m.unanswered {
		unsent = append(unsent, o.view.title()+": "+o.text)
	}
	return unsent
}
