//go:build !small

package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"partyline/client"
	"partyline/cmd/partyline/internal/screen"
	"partyline/cmd/partyline/internal/state"
	"partyline/hub/wire"
)

// A memory stores what happens on a terminal, in a goroutine of its own, so that the screen never waits for the
// disk. What can't be stored is not remembered.
type memory struct {
	dir     *state.Dir // nil to store nothing
	client  *client.Client
	nick    string // as the user asked for it
	changes chan func()
	writing sync.WaitGroup
}

// patience is how long talk keeps what the user says before it shows it as not sent, while the server can't store it.
const patience = time.Minute

// onTerminal talks on a terminal.
func (t *talk) onTerminal(cmd *cobra.Command, address string) error {
	p := t.recall(address)
	t.takeToken(address)
	t.options.Patience = patience
	c, err := t.enter(cmd.Context(), address, &p)
	if err != nil && cmd.Context().Err() != nil {
		return nil
	} else if err != nil {
		return err
	}
	if isBare(address) {
		t.intro = append(t.intro, "connected to "+c.Address())
	}
	m := t.remember(c)
	defer m.close()
	options := screen.Options{
		Client: c, Since: t.options.Since, Rooms: p.places(t.options.Nick), Inline: t.inline, Bell: t.bell, Intro: t.intro,
		Entered: m.entered, Welcome: m.welcome, Open: m.open, Read: m.read, Named: m.named,
		Dial: func(ctx context.Context, room string, since int64, token string) (*client.Client, error) {
			o := t.options
			o.Nick, o.Room, o.Since, o.Token = c.Nick(), room, since, token
			return client.Dial(ctx, c.Address(), o)
		},
		In: cmd.InOrStdin(), Out: cmd.OutOrStdout(),
	}
	if t.dir != nil {
		options.History, _ = t.dir.Inputs()
	}
	var unsent *screen.UnsentError
	if err := screen.Run(cmd.Context(), options); errors.As(err, &unsent) {
		return &exitError{exitUnanswered, err}
	} else if err != nil {
		return err
	}
	return nil
}

// takeToken takes the token of a session at the server that has not ended properly, so that the user is the same
// member again.
func (t *talk) takeToken(address string) {
	addresses, err := client.Addresses(address)
	if t.dir == nil || err != nil {
		return
	}
	t.dir.Update(func(s *state.State) {
		if _, server := s.Find(addresses...); server != nil && strings.EqualFold(server.Nick, t.options.Nick) {
			t.options.Token = server.TakeToken(time.Now())
		}
	})
}

// remember notes that the user is at a server, and starts to store what happens there.
func (t *talk) remember(c *client.Client) *memory {
	m := &memory{dir: t.dir, client: c, nick: t.options.Nick, changes: make(chan func(), 256)}
	m.writing.Go(m.write)
	m.update(func(server *state.Server) {
		if t.options.Nick != "" {
			server.Nick = t.options.Nick
		}
	})
	return m
}

// write makes the changes until close. From time to time it notes that the session is valid.
func (m *memory) write() {
	clock := time.NewTicker(time.Minute)
	defer clock.Stop()
	for {
		select {
		case change, ok := <-m.changes:
			if !ok {
				return
			}
			change()
		case <-clock.C:
			m.store(func(*state.Server) {})
		}
	}
}

// update changes what is remembered of the server.
func (m *memory) update(change func(*state.Server)) {
	if m.dir == nil {
		return
	}
	m.changes <- func() { m.store(change) }
}

// store changes what is remembered of the server, and keeps the token of the session.
func (m *memory) store(change func(*state.Server)) {
	if m.dir == nil {
		return
	}
	m.dir.Update(func(s *state.State) {
		now := time.Now()
		server := s.Use(m.client.Address(), now)
		change(server)
		if token := m.client.Token(); token != "" && m.client.Err() == nil {
			server.KeepToken(token, now)
		}
	})
}

// entered stores a line that the user has entered.
func (m *memory) entered(line string) {
	if m.dir != nil {
		m.changes <- func() { m.dir.AddInput(line) }
	}
}

// welcome stores that the server has let the user in.
func (m *memory) welcome(w *client.Welcome) {
	m.update(func(server *state.Server) { server.Check(w.Room, w.Last) })
}

// open stores which rooms are open, and which one of them is shown.
func (m *memory) open(rooms []string, shown string) {
	m.update(func(server *state.Server) { server.Open(rooms, shown) })
}

// read stores that the user has read the messages of a room up to an id.
func (m *memory) read(room string, id int64) {
	nick := m.nick
	m.update(func(server *state.Server) { server.Advance(nick, room, id) })
}

// named stores the name that the user has taken.
func (m *memory) named(nick string) {
	m.nick = nick
	m.update(func(server *state.Server) { server.Nick = nick })
}

// close waits until everything is stored.
func (m *memory) close() {
	close(m.changes)
	m.writing.Wait()
}

// places returns the rooms that were open, and what a member has read in each.
func (p *past) places(nick string) []screen.Place {
	places := make([]screen.Place, len(p.server.Rooms))
	for i, room := range p.server.Rooms {
		places[i] = screen.Place{Room: wire.CleanLine(room), Since: since(p.server.Position(nick, room))}
	}
	return places
}
