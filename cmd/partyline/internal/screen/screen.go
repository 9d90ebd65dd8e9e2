// Package screen is partyline's client on a terminal: it shows rooms, private conversations and search
// results as views, with a status line and an input line.
//
// [Run] runs a bubbletea program. The program's goroutine owns all views and everything that they
// show. Each open room has a connection with two goroutines, one for events and one for what the user
// says. They put what happens into one mailbox, whose goroutine passes it to the program at most 30 times
// a second. When the program is slow, the mailbox is full, and the clients read no further.
package screen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
)

// Options configure Run.
type Options struct {
	Client *client.Client // in the first room; Run closes it
	Since  int64          // the client's Options.Since
	Inline bool           // print lines above the input, and leave the terminal's scrollback and selection to it
	Bell   bool           // ring the terminal's bell when somebody mentions the user
	Color  bool           // whether names and times have colours

	History []string                    // lines that the user entered before, oldest first
	Entered func(line string)           // called for each line that the user enters; may be nil
	Read    func(room string, id int64) // called when the user has read the messages of a room up to an id; may be nil
	Zone    *time.Location              // of times; nil for the local one

	In  io.Reader // nil for the standard input
	Out io.Writer // nil for the standard output
}

// Run shows the client's room until the user leaves, ctx is done or the terminal is gone. When it
// returns, the terminal is as it was before, and all clients are closed. The error is nil if the user
// left, and names the messages that were not sent, if there are any.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	m := newModel(ctx, o)
	m.guard = func(f func()) {
		defer func() {
			if r := recover(); r != nil {
				cancel(fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
			}
		}()
		f()
	}
	m.start(o.Client)
	return m.run(ctx, cancel)
}

// run runs the program.
func (m *model) run(ctx context.Context, cancel context.CancelCauseFunc) error {
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithWindowSize(m.width, m.height)}
	if m.opts.In != nil {
		options = append(options, tea.WithInput(m.opts.In))
	}
	if m.opts.Out != nil {
		options = append(options, tea.WithOutput(m.opts.Out))
	}
	p := tea.NewProgram(m, options...)
	var mail sync.WaitGroup
	mail.Go(func() { m.guard(func() { m.mail.run(ctx, p.Send) }) })
	_, err := p.Run()
	cause := context.Cause(ctx)
	cancel(nil)
	mail.Wait()
	unsent := m.end()
	switch {
	case cause != nil && !errors.Is(cause, context.Canceled):
		return cause
	case errors.Is(err, tea.ErrProgramPanic):
		return errors.New("the program panicked")
	case err != nil && !errors.Is(err, tea.ErrProgramKilled):
		return err
	case len(unsent) > 0:
		return fmt.Errorf("not sent:\n  %s", strings.Join(unsent, "\n  "))
	}
	return nil
}
