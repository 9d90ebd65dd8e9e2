package hub

import (
	"errors"
	"slices"
	"sync"

	"partyline/hub/directory"
)

// A FakeNet connects the hubs of a test. Tests outside of the package use it too.
type FakeNet struct {
	Mu          sync.Mutex // guards the fields
	Servers     map[string]*FakeDirectory
	Unreachable bool                       // no name can be claimed; see Reach
	names       map[string]directory.Claim // by skeleton
	owners      map[string]string          // servers, by skeleton
}

// A FakeDirectory is the Directory of one of them.
type FakeDirectory struct {
	Hub   directory.Hub
	net   *FakeNet
	id    string
	calls chan func() // of the hub, in order
	later []directory.Claim

	claimed map[string]directory.Claim // here, by skeleton
}

// NewFakeNet returns a net without hubs.
func NewFakeNet() *FakeNet {
	return &FakeNet{Servers: make(map[string]*FakeDirectory), names: make(map[string]directory.Claim), owners: make(map[string]string)}
}

// Add returns the Directory of one more hub.
func (n *FakeNet) Add(id string) *FakeDirectory {
	n.Mu.Lock()
	defer n.Mu.Unlock()
	d := &FakeDirectory{net: n, id: id, calls: make(chan func(), 1<<16), claimed: make(map[string]directory.Claim)}
	n.Servers[id] = d
	return d
}

// Close ends the goroutines of all Directories. The hubs have shut down.
func (n *FakeNet) Close() {
	for _, d := range n.Servers {
		close(d.calls)
	}
}

func (d *FakeDirectory) Start(h directory.Hub) {
	d.Hub = h
	go func() {
		for call := range d.calls {
			call()
		}
	}()
}

func (d *FakeDirectory) Claim(c directory.Claim) (directory.Answer, error) {
	d.net.Mu.Lock()
	defer d.net.Mu.Unlock()
	switch {
	case d.net.Unreachable && c.Later:
		d.later = append(d.later, c)
		return directory.Answer{OK: true}, nil
	case d.net.Unreachable:
		return directory.Answer{}, errors.New("unreachable")
	}
	return d.claimLocked(c), nil
}

func (d *FakeDirectory) claimLocked(c directory.Claim) (a directory.Answer) {
	for _, s := range c.Skeletons {
		if has, ok := d.net.names[s]; ok && c.Proof != "" && has.Token == c.Proof {
			a = directory.Answer{Resumed: true, ID: has.ID, Server: d.net.owners[s]}
			c.ID, c.Token = has.ID, has.Token
		}
	}
	for _, s := range c.Skeletons {
		if has, ok := d.net.names[s]; ok && has.ID != c.ID {
			return directory.Answer{}
		}
	}
	for _, s := range c.Skeletons {
		d.net.names[s], d.net.owners[s] = c, d.id
		d.claimed[s] = c
	}
	a.OK = true
	return a
}

// Reach makes the Directories reachable, if they are not.
func (n *FakeNet) Reach() {
	n.Mu.Lock()
	defer n.Mu.Unlock()
	n.Unreachable = false
	for _, d := range n.Servers {
		later := d.later
		d.later = nil
		for _, c := range later {
			d.calls <- func() { d.claimLater(c) }
		}
	}
}

// claimLater claims the name of an identity that has it already.
func (d *FakeDirectory) claimLater(c directory.Claim) {
	d.net.Mu.Lock()
	ok := d.claimLocked(c).OK
	d.net.Mu.Unlock()
	if !ok {
		d.Hub.Rename(c.ID)
	}
}

func (d *FakeDirectory) Renew(id string) {
	d.net.Mu.Lock()
	defer d.net.Mu.Unlock()
	for s, c := range d.claimed {
		if _, ok := d.net.names[s]; !ok && c.ID == id {
			d.net.names[s], d.net.owners[s] = c, d.id
		}
	}
}

func (d *FakeDirectory) Release(id string, skeletons []string) {
	d.net.Mu.Lock()
	defer d.net.Mu.Unlock()
	d.later = slices.DeleteFunc(d.later, func(c directory.Claim) bool { return c.ID == id && slices.Equal(c.Skeletons, skeletons) })
	for _, s := range skeletons {
		delete(d.claimed, s)
		if d.net.names[s].ID == id && d.net.owners[s] == d.id {
			delete(d.net.names, s)
		}
	}
}

func (d *FakeDirectory) Publish(c directory.Change) {
	d.net.Mu.Lock()
	defer d.net.Mu.Unlock()
	for _, other := range d.net.Servers {
		if other != d {
			other.calls <- func() { other.Hub.Apply(d.id, c) }
		}
	}
}

func (d *FakeDirectory) Moved(server, id string) {
	d.net.Mu.Lock()
	defer d.net.Mu.Unlock()
	other := d.net.Servers[server]
	other.calls <- func() { other.Hub.End(id) }
}

func (d *FakeDirectory) Send(server string, p directory.Private) error {
	d.net.Mu.Lock()
	other := d.net.Servers[server]
	d.net.Mu.Unlock()
	if other == nil {
		return errors.New("no answer")
	}
	return other.Hub.Deliver(p)
}
