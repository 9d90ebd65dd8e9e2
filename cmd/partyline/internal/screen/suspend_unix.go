//go:build unix && !portable

package screen

import (
	"io"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"partyline/cmd/partyline/internal/guard"
)

// suspend gives the terminal to the shell until it continues the program.
func (m *model) suspend() tea.Cmd {
	return tea.Exec(stop{m.terminal}, func(error) tea.Msg { return nil })
}

// A stop stops the process group, as Ctrl-Z does when a program does not use the terminal by itself.
type stop struct{ terminal *guard.Guard }

// Run returns when the shell has continued the process. If no shell can do that, it returns soon.
func (s stop) Run() error {
	const delay = 100 * time.Millisecond // in which the process stops
	s.terminal.SetActive(false)
	defer s.terminal.SetActive(true)
	err := syscall.Kill(0, syscall.SIGTSTP)
	time.Sleep(delay)
	return err
}

// SetStdin does nothing: the shell uses the terminal.
func (stop) SetStdin(io.Reader) {}

// SetStdout does nothing.
func (stop) SetStdout(io.Writer) {}

// SetStderr does nothing.
func (stop) SetStderr(io.Writer) {}
