package natsdir

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"partyline/hub/directory"
)

// An outbox has the changes of this server that are not published yet.
type outbox struct {
	wake chan struct{}

	mu      sync.Mutex // taken after the locks of a hub
	changes []directory.Change
	moved   []moved // after these changes
	listed  bool    // all members are to be published
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

// list makes the server publish all of its members.
func (o *outbox) list() {
	o.mu.Lock()
	o.listed = true
	o.mu.Unlock()
	o.wakeUp()
}

func (o *outbox) wakeUp() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) take() (changes []directory.Change, moved []moved, listed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	changes, moved, listed = o.changes, o.moved, o.listed
	o.changes, o.moved, o.listed = nil, nil, false
	return changes, moved, listed
}

// publish publishes changes and beats until ctx is done, and the last changes.
func (d *Directory) publish(ctx context.Context) {
	beat := time.NewTicker(beatInterval)
	defer beat.Stop()
	number := uint64(0)
	reconnects := uint64(0)
	d.send(&message{Server: d.id})
	for ending := false; !ending; {
		select {
		case <-beat.C:
			if n := d.opt.Conn.Stats().Reconnects; n != reconnects { // the others may have missed changes
				reconnects = n
				d.outbox.list()
			}
			uses := d.hub.Uses()
			d.send(&message{Server: d.id, Number: number, Beat: true, Uses: uses[:min(len(uses), maxUses)]})
		case <-d.outbox.wake:
		case <-ctx.Done():
			ending = true
		}
		changes, moved, listed := d.outbox.take()
		for len(changes) > 0 {
			n := min(len(changes), maxChanges)
			number += uint64(n)
			d.send(&message{Server: d.id, Number: number, Changes: changes[:n]})
			changes = changes[n:]
		}
		for _, m := range moved {
			d.tell(m.server, &request{Kind: kindMoved, ID: m.id})
		}
		if listed && !ending {
			number = d.sendAll(number)
		}
	}
}

// sendAll publishes all members, and returns the number of the last change. Changes that happen meanwhile are published
// after it, and perhaps twice.
func (d *Directory) sendAll(number uint64) uint64 {
	members := d.hub.Members()
	for begin := true; begin || len(members) > 0; begin = false {
		n := min(len(members), maxChanges)
		m := &message{Server: d.id, Begin: begin, End: n == len(members)}
		for _, member := range members[:n] {
			m.Changes = append(m.Changes, directory.Change{Kind: directory.Joined, Member: member})
		}
		members = members[n:]
		number += uint64(n)
		m.Number = number
		d.send(m)
	}
	return number
}

// others are the other servers.
type others struct {
	mu      sync.Mutex
	servers map[string]*server
}

// A server is another server. Only the goroutine that receives uses it, except for heard, which mu guards.
type server struct {
	number  uint64             // of its last change
	known   bool               // all changes up to it are known
	asked   time.Time          // for all of its members
	heard   time.Time          // its last message
	listing bool               // a list has begun
	list    []directory.Member // of it
}

// receive handles messages until ctx is done.
func (d *Directory) receive(ctx context.Context) {
	tick := time.NewTicker(beatInterval / 2)
	defer tick.Stop()
	for {
		select {
		case m := <-d.messages:
			if m.Subject == d.changesSubject() {
				d.note(m)
			} else {
				d.handle(m)
			}
		case <-tick.C:
			d.removeGone()
		case <-ctx.Done():
			return
		}
	}
}

// note notes a message of another server.
func (d *Directory) note(data *nats.Msg) {
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
		s = &server{}
		d.others.servers[m.Server] = s
		d.opt.Log.Info("server found", "server", m.Server)
	}
	s.heard = time.Now()
	d.others.mu.Unlock()
	if m.Beat {
		d.hub.NoteUses(m.Server, m.Uses)
	}
	first := m.Number - uint64(len(m.Changes)) // before the message
	switch {
	case m.Begin:
		s.listing, s.list = true, nil
	case s.number != first || !s.known && !s.listing:
		s.known, s.listing = false, false
		if now := time.Now(); now.Sub(s.asked) >= beatInterval/2 {
			s.asked = now
			d.tell(m.Server, &request{Kind: kindList})
		}
		s.number = m.Number
		return
	}
	s.number = m.Number
	if !s.listing {
		for _, c := range m.Changes {
			if isValid(&c) {
				d.hub.Apply(m.Server, c)
			}
		}
		return
	}
	for _, c := range m.Changes {
		if isValid(&c) {
			s.list = append(s.list, c.Member)
		}
	}
	if m.End {
		d.hub.Replace(m.Server, s.list)
		s.known, s.listing, s.list = true, false, nil
	}
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
		d.hub.Replace(id, nil)
		d.hub.NoteUses(id, nil)
		d.opt.Log.Info("server gone", "server", id)
	}
}
