//go:build !unix || portable

package screen

import tea "charm.land/bubbletea/v2"

// suspend does nothing: this system has no jobs.
func (m *model) suspend() tea.Cmd { return nil }
