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
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
	"partyline/cmd/partyline/internal/guard"
)

// Options configure Run. All functions but Dial may be nil. Run calls them from one goroutine, which they must
// not keep for long; Dial from another one.
type Options struct {
	Client  *client.Client // in the room that is shown first; Run closes it
	Since   int64          // the client's Options.Since
	Rooms   []Place        // to open, in order; the client's room is among them, or follows them
	Inline  bool           // print lines above the input, and leave the terminal's scrollback and selection to it
	Bell    bool           // ring the terminal's bell when somebody mentions the user
	Intro   []string       // what to say first
	History []string       // lines that the user entered before, oldest first

	// Dial enters a room again as the member with a token, after all clients have ended. since is for its Options.
	Dial func(ctx context.Context, room string, since int64, token string) (*client.Client, error)

	Entered func(line string)                  // the user has entered a line
	Welcome func(*client.Welcome)              // the user is in a room, also after each reconnect
	Open    func(rooms []string, shown string) // these rooms are open, in order, and one of them is shown or was shown last
	Read    func(room string, id int64)        // the user has read the messages of a room up to an id; 0 if it had none
	Named   func(nick string)                  // the user has taken a name

	Zone *time.Location // of the times; nil for the local one
	In   io.Reader      // the terminal
	Out  io.Writer      // the same terminal
}

// A Place is a room, and a client's Options.Since for it.
type Place struct {
	Room  string
	Since int64
}

// An UnsentError names the messages that were not sent when the user left.
type UnsentError struct{ Messages []string }

func (e *UnsentError) Error() string { return "not sent:\n  " + strings.Join(e.Messages, "\n  ") }

// Run shows the client's room until the user leaves, ctx is done or the terminal is gone. When it
// returns, the terminal is as it was before, and all clients are closed. The error is nil if the user
// left, or an *UnsentError.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	m := newModel(ctx, o)
	m.protect = func(f func()) {
		defer func() {
			if r := recover(); r != nil {
				cancel(fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
			}
		}()
		f()
	}
	if in, ok := o.In.(*os.File); ok {
		m.terminal, _ = guard.Start(in, !o.Inline) // without it, a killed program leaves the terminal as it is
	}
	m.terminal.SetActive(true)
	defer m.terminal.Close()
	io.WriteString(o.Out, guard.SaveTitle)
	defer io.WriteString(o.Out, guard.RestoreTitle)
	m.start(o.Client)
	return m.run(ctx, cancel)
}

// run runs the program.
func (m *model) run(ctx context.Context, cancel context.CancelCauseFunc) error {
	p := tea.NewProgram(m, tea.WithoutSignalHandler(),
		tea.WithInput(m.opts.In), tea.WithOutput(m.opts.Out), tea.WithWindowSize(m.width, m.height))
	defer context.AfterFunc(ctx, func() { p.Send(gaveUp{}) })() // tea.WithContext would close the input while it is read
	var mail sync.WaitGroup
	mail.Go(func() { m.protect(func() { m.mail.run(ctx, p.Send) }) })
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
	case err != nil:
		return err
	case len(unsent) > 0:
		return &UnsentError{unsent}
	}
	return nil
}
