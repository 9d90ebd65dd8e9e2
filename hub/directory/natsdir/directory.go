package natsdir

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"partyline/hub/admission"
	"partyline/hub/directory"
)

const (
	// beatInterval is the time between two beats.
	beatInterval = 2 * time.Second
	// goneTime is how long a server without a beat still counts as there.
	goneTime = 8 * time.Second
	// answerTime bounds the wait for another server, or for the store.
	answerTime = 2 * time.Second
	// maxMessages is the number of messages that wait to be handled. Further ones are lost, which the numbers show.
	maxMessages = 1 << 16
	// maxChanges is the number of changes in a message.
	maxChanges = 200
	// maxUses is the number of addresses in a beat, which must fit into a message of NATS.
	maxUses = 4000
)

// Options configure a Directory.
type Options struct {
	Conn     *nats.Conn
	Stream   jetstream.JetStream // over Conn
	Name     string              // begins subjects and the bucket's name; the same on all servers
	Replicas int                 // of the bucket
	Log      *slog.Logger
}

// A Directory is a directory.Directory that uses NATS.
type Directory struct {
	opt Options
	id  string // of this server
	hub directory.Hub

	claims claims
	outbox outbox
	others others

	messages chan *nats.Msg
	fetched  chan fetched
	lists    []*list // the newest one first; only the goroutine that receives uses them
	stop     context.CancelFunc
	running  sync.WaitGroup
}

var _ directory.Directory = (*Directory)(nil)

// New returns a Directory. Until Start it does nothing.
func New(o Options) *Directory {
	d := &Directory{opt: o, id: nuid.Next(), messages: make(chan *nats.Msg, maxMessages), fetched: make(chan fetched)}
	d.claims.init(d)
	d.outbox.wake = make(chan struct{}, 1)
	d.others.servers = make(map[string]*server)
	return d
}

// changesSubject is the subject of changes and beats.
func (d *Directory) changesSubject() string { return changesSubject(d.opt.Name) }

// serverSubject is the subject of requests to a server.
func (d *Directory) serverSubject(server string) string { return serverSubject(d.opt.Name, server) }

func changesSubject(name string) string { return name + ".members" }

func serverSubject(name, server string) string { return name + ".server." + server }

// Bucket returns the bucket of the names, of servers whose Options have a Name.
func Bucket(name string) string { return name + "-names" }

// Subjects returns a subject of each kind that these servers use, on which they ignore an empty message.
func Subjects(name string) []string {
	return []string{changesSubject(name), serverSubject(name, nuid.Next())}
}

// Start implements directory.Directory.
func (d *Directory) Start(h directory.Hub) {
	d.hub = h
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	for _, subject := range []string{d.changesSubject(), d.serverSubject(d.id)} {
		// Both have one channel: a server that resumes an identity publishes the join before it says so.
		if _, err := d.opt.Conn.ChanSubscribe(subject, d.messages); err != nil {
			d.opt.Log.Error("can't subscribe", "subject", subject, "err", err)
		}
	}
	d.running.Go(func() { d.receive(ctx) })
	d.running.Go(func() { d.publish(ctx) })
	d.running.Go(func() { d.claims.work(ctx) })
}

// Close tells the other servers that this one is gone. The hub has no members any more.
func (d *Directory) Close() {
	if d.stop == nil {
		return
	}
	d.stop()
	d.running.Wait()
	d.send(&message{Server: d.id, Gone: true})
	d.opt.Conn.Flush()
}

// Figures of a Directory.
type Figures struct {
	Servers     int           // others that are there
	PresenceAge time.Duration // since the last sign of the one that has been silent longest; 0 without others
}

// Figures returns the present figures. Any goroutine may call it.
func (d *Directory) Figures() Figures {
	d.others.mu.Lock()
	defer d.others.mu.Unlock()
	f := Figures{Servers: len(d.others.servers)}
	for _, s := range d.others.servers {
		f.PresenceAge = max(f.PresenceAge, time.Since(s.heard))
	}
	return f
}

// A message is what servers publish about their members.
type message struct {
	Server  string             `json:"server"`
	Number  uint64             `json:"number"`            // of the last change that the message has, or of the last one
	Changes []directory.Change `json:"changes,omitempty"` // the last of which has the number
	Gone    bool               `json:"gone,omitempty"`    // the server ends
	Beat    bool               `json:"beat,omitempty"`    // the message has the uses of addresses
	Uses    []admission.Use    `json:"uses,omitempty"`
}

// send publishes a message. It is lost if there is no connection: the beats show that.
func (d *Directory) send(m *message) {
	data, err := json.Marshal(m)
	if err != nil {
		d.opt.Log.Error("can't encode changes", "err", err)
		return
	}
	d.opt.Conn.Publish(d.changesSubject(), data)
}

// A request to a server.
type request struct {
	Kind    string             `json:"kind"`
	Key     string             `json:"key,omitempty"` // of kind "has"
	ID      string             `json:"id,omitempty"`  // of an identity
	List    string             `json:"list,omitempty"`
	Page    int                `json:"page,omitempty"` // of the list
	Private *directory.Private `json:"private,omitempty"`
}

// The kinds of a request.
const (
	kindMembers = "members" // a page of a list of all members: a new list, unless List has an id
	kindHas     = "has"     // does the identity have the key?
	kindMoved   = "moved"   // the identity was resumed at another server
	kindPrivate = "private" // deliver a private message
)

// An answer to a request.
type answer struct {
	OK     bool `json:"ok"`
	Behind bool `json:"behind,omitempty"`

	List    string             `json:"list,omitempty"` // its id
	Number  uint64             `json:"number,omitempty"`
	Members []directory.Member `json:"members,omitempty"`
	More    bool               `json:"more,omitempty"` // there are more pages
}

// ask sends a server a request and waits for the answer. The error is nats.ErrNoResponders if there is no such server.
func (d *Directory) ask(ctx context.Context, server string, r *request, timeout time.Duration) (a answer, err error) {
	data, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m, err := d.opt.Conn.RequestWithContext(ctx, d.serverSubject(server), data)
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(m.Data, &a)
}

// tell sends a server a request that has no answer.
func (d *Directory) tell(server string, r *request) {
	if data, err := json.Marshal(r); err == nil {
		d.opt.Conn.Publish(d.serverSubject(server), data)
	}
}

// Send implements directory.Directory.
func (d *Directory) Send(server string, p directory.Private) error {
	a, err := d.ask(context.Background(), server, &request{Kind: kindPrivate, Private: &p}, answerTime)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return directory.ErrGone
	case err != nil:
		return err
	case a.Behind:
		return directory.ErrBehind
	case !a.OK:
		return directory.ErrGone
	}
	return nil
}

// handle answers a request of another server.
func (d *Directory) handle(m *nats.Msg) {
	var r request
	if json.Unmarshal(m.Data, &r) != nil {
		return
	}
	var a answer
	switch r.Kind {
	case kindMembers:
		m.Respond(d.page(r.List, r.Page))
		return
	case kindMoved:
		d.claims.forget(r.ID)
		d.hub.End(r.ID)
		return
	case kindHas:
		a.OK = d.claims.has(r.Key, r.ID)
	case kindPrivate:
		if r.Private != nil && isValidPrivate(r.Private) {
			err := d.hub.Deliver(*r.Private)
			a = answer{OK: err == nil, Behind: errors.Is(err, directory.ErrBehind)}
		}
	}
	if data, err := json.Marshal(&a); err == nil {
		m.Respond(data)
	}
}
