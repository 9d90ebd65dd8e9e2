package natsdir

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"partyline/hub/directory"
)

// An outbox has the changes of this server that are not published yet.
type outbox struct {
	wake   chan struct{}
	number atomic.Uint64 // of the last change that was published

	mu      sync.Mutex // taken after the locks of a hub
	changes []directory.Change
	moved   []moved // after these changes
}

// A moved is an identity that was on another server.
type moved struct{ server, id string }

// Publish implements directory.Directory.
func (d *Directory) Publish(c directory.Change) {
	o := &d.outbox
	o.mu.Lock()
	o.changes = append(o.changes, c)
	o.mu.Unlock()
	o.wakeUp()
}

// Moved implements directory.Directory. The server learns of it after the changes before: that the identity has joined
// rooms here.
func (d *Directory) Moved(server, id string) {
	o := &d.outbox
	o.mu.Lock()
	o.moved = append(o.moved, moved{server, id})
	o.mu.Unlock()
	o.wakeUp()
}

func (o *outbox) wakeUp() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) take() (changes []directory.Change, moved []moved) {
	o.mu.Lock()
	defer o.mu.Unlock()
	changes, moved = o.changes, o.moved
	o.changes, o.moved = nil, nil
	return changes, moved
}

// publish publishes changes and beats until ctx is done, and the last changes.
func (d *Directory) publish(ctx context.Context) {
	beat := time.NewTicker(beatInterval)
	defer beat.Stop()
	number := &d.outbox.number
	d.send(&message{Server: d.id})
	for ending := false; !ending; {
		select {
		case <-beat.C:
			uses := d.hub.Uses()
			d.send(&message{Server: d.id, Number: number.Load(), Beat: true, Uses: uses[:min(len(uses), maxUses)]})
		case <-d.outbox.wake:
		case <-ctx.Done():
			ending = true
		}
		changes, moved := d.outbox.take()
		for len(changes) > 0 {
			n := min(len(changes), maxChanges)
			d.send(&message{Server: d.id, Number: number.Add(uint64(n)), Changes: changes[:n]})
			changes = changes[n:]
		}
		for _, m := range moved {
			d.tell(m.server, &request{Kind: kindMoved, ID: m.id})
		}
	}
}

// others are the other servers.
type others struct {
	mu      sync.Mutex
	servers map[string]*server
}

// A server is another server. Only the goroutine that receives uses it, except for heard, which mu guards.
type server struct {
	id       string
	number   uint64     // of its last change
	known    bool       // all changes up to it are known
	fetching bool       // its list is being requested
	pending  []*message // with changes, since the request
	waiting  int        // how many changes they have
	heard    time.Time  // its last message
	gone     bool
}

// receive handles messages until ctx is done.
func (d *Directory) receive(ctx context.Context) {
	tick := time.NewTicker(beatInterval / 2)
	defer tick.Stop()
	for {
		select {
		case m := <-d.messages:
			if m.Subject == d.changesSubject() {
				d.note(ctx, m)
			} else {
				d.handle(m)
			}
		case f := <-d.fetched:
			d.noteList(f)
		case <-tick.C:
			d.removeGone()
			d.dropLists()
		case <-ctx.Done():
			return
		}
	}
}

// note notes a message of another server.
func (d *Directory) note(ctx context.Context, data *nats.Msg) {
	var m message
	if json.Unmarshal(data.Data, &m) != nil || m.Server == "" || len(m.Server) > maxID || m.Server == d.id {
		return
	}
	if m.Gone {
		d.remove(m.Server)
		return
	}
	d.others.mu.Lock()
	s := d.others.servers[m.Server]
	if s == nil {
		s = &server{id: m.Server}
		d.others.servers[m.Server] = s
		d.opt.Log.Info("server found", "server", m.Server)
	}
	s.heard = time.Now()
	d.others.mu.Unlock()
	if m.Beat {
		d.hub.NoteUses(m.Server, m.Uses)
	}
	switch {
	case s.fetching:
		if s.waiting += len(m.Changes); len(m.Changes) > 0 && s.waiting <= maxPending {
			s.pending = append(s.pending, &m)
		}
	case s.known && d.noteChanges(s, &m):
	default:
		s.fetching, s.waiting = true, len(m.Changes)
		s.pending = []*message{&m}
		d.running.Go(func() { d.fetch(ctx, m.Server, s) })
	}
}

// noteChanges notes those changes of a message that are not known yet. It returns false if changes before them are missing.
func (d *Directory) noteChanges(s *server, m *message) bool {
	if m.Number < s.number {
		return true // from before the list
	}
	missed := m.Number - s.number // unknown ones
	if missed > uint64(len(m.Changes)) {
		s.known = false
		return false
	}
	for _, c := range m.Changes[uint64(len(m.Changes))-missed:] {
		if isValid(&c) {
			d.hub.Apply(s.id, c)
		}
	}
	s.number = m.Number
	return true
}

// removeGone removes the servers that have sent nothing for goneTime.
func (d *Directory) removeGone() {
	now := time.Now()
	var gone []string
	d.others.mu.Lock()
	for id, s := range d.others.servers {
		if now.Sub(s.heard) > goneTime {
			gone = append(gone, id)
		}
	}
	d.others.mu.Unlock()
	for _, id := range gone {
		d.remove(id)
	}
}

// remove removes a server, whose members leave.
func (d *Directory) remove(id string) {
	d.others.mu.Lock()
	s := d.others.servers[id]
	delete(d.others.servers, id)
	d.others.mu.Unlock()
	if s != nil {
		s.gone = true
		d.hub.Replace(id, nil)
		d.hub.NoteUses(id, nil)
		d.opt.Log.Info("server gone", "server", id)
	}
}
