package natsdir

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nats-io/nuid"

	"partyline/hub/directory"
)

const (
	// pageSize is the number of members in a page, which must fit into a message of NATS.
	pageSize = 1000
	// pageTime bounds the wait for a page.
	pageTime = 10 * time.Second
	// listAge is how long a list is new: all servers that request one meanwhile share it.
	listAge = time.Second
	// listLife is how long the pages of a list can be requested.
	listLife = time.Minute
	// maxLists is the number of lists whose pages can be requested.
	maxLists = 2
	// maxPending is the number of changes that wait for a list.
	maxPending = 100_000
)

// A list has all members of this server at one time.
type list struct {
	id    string
	made  time.Time
	pages [][]byte // answers
}

// newList returns a list that has all changes up to a number, and perhaps later ones.
func newList(h directory.Hub, number *atomic.Uint64) (*list, error) {
	l := &list{id: nuid.Next(), made: time.Now()}
	last := number.Load() // before the members
	members := h.Members()
	for first := true; first || len(members) > 0; first = false {
		n := min(len(members), pageSize)
		data, err := json.Marshal(&answer{OK: true, List: l.id, Number: last, Members: members[:n], More: n < len(members)})
		if err != nil {
			return nil, err
		}
		l.pages = append(l.pages, data)
		members = members[n:]
	}
	return l, nil
}

// page returns a page of the list with an id, or of a new one if it is "". It returns the encoding of a failure if there is
// no such list. Only the goroutine that receives may call it.
func (d *Directory) page(id string, number int) []byte {
	i := slices.IndexFunc(d.lists, func(l *list) bool {
		return l.id == id || id == "" && time.Since(l.made) < listAge
	})
	if i < 0 && id == "" {
		l, err := newList(d.hub, &d.outbox.number)
		if err != nil {
			d.opt.Log.Error("can't encode members", "err", err)
			return nil
		}
		d.lists = append([]*list{l}, d.lists[:min(len(d.lists), maxLists-1)]...)
		i = 0
	}
	if i < 0 || number < 0 || number >= len(d.lists[i].pages) {
		return []byte(`{"ok":false}`)
	}
	return d.lists[i].pages[number]
}

// dropLists drops old lists.
func (d *Directory) dropLists() {
	d.lists = slices.DeleteFunc(d.lists, func(l *list) bool { return time.Since(l.made) > listLife })
}

// A fetched list is the one of another server.
type fetched struct {
	server  *server
	failed  bool
	number  uint64 // it has all changes up to this one
	members []directory.Member
}

// fetch requests the pages of a server's list.
func (d *Directory) fetch(ctx context.Context, id string, s *server) {
	f := fetched{server: s}
	for r := (request{Kind: kindMembers}); ; r.Page++ {
		a, err := d.ask(ctx, id, &r, pageTime)
		if f.failed = err != nil || !a.OK; f.failed {
			break
		}
		if r.List == "" {
			r.List, f.number = a.List, a.Number
		}
		for _, m := range a.Members {
			if isValid(&directory.Change{Kind: directory.Joined, Member: m}) {
				f.members = append(f.members, m)
			}
		}
		if !a.More {
			break
		}
	}
	select {
	case d.fetched <- f:
	case <-ctx.Done():
	}
}

// noteList notes the list of a server, and the changes after it.
func (d *Directory) noteList(f fetched) {
	s := f.server
	pending := s.pending
	s.fetching, s.pending = false, nil
	if f.failed || s.gone {
		return
	}
	d.hub.Replace(s.id, f.members)
	s.number, s.known = f.number, true
	for _, m := range pending {
		d.noteChanges(s, m)
	}
}
