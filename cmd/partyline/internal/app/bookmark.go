package app

import (
	"time"

	"partyline/client"
	"partyline/cmd/partyline/internal/state"
)

// saveInterval is how often a position is stored while messages arrive.
const saveInterval = 5 * time.Second

// A bookmark stores the position of a talk in its room. What can't be stored is not remembered.
type bookmark struct {
	dir           *state.Dir // nil to store nothing
	address, nick string
	room          string // "" before the first welcome
	id            int64  // of the last message shown; 0 for none
	saved         int64  // the stored id
	savedAt       time.Time
}

// bookmark returns a bookmark for a client.
func (t *talk) bookmark(c *client.Client) *bookmark {
	return &bookmark{dir: t.dir, address: c.Address(), nick: t.options.Nick, id: t.options.Since}
}

// enter notes that the talk is in a room.
func (b *bookmark) enter(w *client.Welcome) {
	first := b.room == ""
	b.room = w.Room
	switch {
	case first && b.id == 0: // only new messages are shown
		b.id = w.Last
	case b.id > w.Last, b.id == client.All:
		b.id = 0
	}
	b.update(func(s *state.State) {
		if first {
			s.Use(b.address, time.Now())
		}
		if server := s.Servers[b.address]; server != nil {
			server.Check(b.room, w.Last)
		}
	})
}

// passed notes that the message with an id was shown.
func (b *bookmark) passed(id int64) {
	b.id = id
	if time.Since(b.savedAt) > saveInterval {
		b.save()
	}
}

// save stores the position.
func (b *bookmark) save() {
	if b.room != "" && b.id != b.saved {
		b.update(func(*state.State) {})
	}
}

// update changes the state and stores the position.
func (b *bookmark) update(change func(*state.State)) {
	b.saved, b.savedAt = b.id, time.Now()
	if b.dir == nil {
		return
	}
	b.dir.Update(func(s *state.State) {
		change(s)
		if server := s.Servers[b.address]; server != nil {
			server.Advance(b.nick, b.room, b.id)
		}
	})
}
