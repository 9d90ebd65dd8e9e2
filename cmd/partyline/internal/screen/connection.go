package screen

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"partyline/client"
	"partyline/hub/wire"
)

// A connection passes the events of a client to the mailbox, and what the user says to the client. It has
// two goroutines while it is open.
type connection struct {
	client  *client.Client
	mail    *mailbox
	protect func(func()) // runs the function of a goroutine
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu     sync.Mutex
	unsent []*outgoing   // not passed to the client yet, in order
	wake   chan struct{} // for the sender; has room for one element
}

// An outgoing message is what the user said. It does not change.
type outgoing struct {
	view *view
	key  string // its name in the log
	verb wire.Verb
	to   string // of a private message
	text string
}

// What a connection puts into the mailbox.
type (
	// arrived is an event of the room.
	arrived struct {
		from  *connection
		event client.Event
	}
	// ended says that the client has ended, after its last event.
	ended struct {
		from *connection
		err  error
	}
	// answer is the answer of the server to a message.
	answer struct {
		out *outgoing
		id  int64
		err error
	}
)

// flushTime is how long leaving waits for what was said.
const flushTime = 5 * time.Second

// errPeer is the answer to a message that is not sent because it may reach another member than the user meant.
var errPeer = errors.New("the name may belong to another member now")

// newConnection returns a connection that keeps what is said until it starts.
func newConnection(mail *mailbox, protect func(func())) *connection {
	return &connection{mail: mail, protect: protect, wake: make(chan struct{}, 1)}
}

// start connects a client, which the connection owns from now on.
func (n *connection) start(c *client.Client) {
	ctx, cancel := context.WithCancel(context.Background())
	n.client, n.cancel = c, cancel
	n.wg.Go(func() { n.protect(func() { n.receive(ctx) }) })
	n.wg.Go(func() { n.protect(func() { n.send(ctx) }) })
}

// close closes the client with a parting text and waits until everything has ended. What has no answer is answered
// with an error.
func (n *connection) close(parting string) {
	if n.client == nil {
		return
	}
	n.client.Leave(parting)
	n.cancel()
	n.wg.Wait()
}

// flushAndClose closes the client when what was said is sent, or after a while, or when ctx is done.
func (n *connection) flushAndClose(ctx context.Context) {
	if n.client != nil {
		ctx, cancel := context.WithTimeout(ctx, flushTime)
		defer cancel()
		n.client.Flush(ctx)
	}
	n.close("")
}

// post sends a message after those of earlier calls. It does not wait.
func (n *connection) post(o *outgoing) {
	n.mu.Lock()
	n.unsent = append(n.unsent, o)
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// withdraw takes back the messages to a peer that the client does not have yet. They are answered with errPeer.
func (n *connection) withdraw(peer *view) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unsent = slices.DeleteFunc(n.unsent, func(o *outgoing) bool {
		withdrawn := o.view == peer
		if withdrawn {
			n.mail.put(answer{out: o, err: errPeer})
		}
		return withdrawn
	})
}

// send passes messages to the client, in order, until ctx is done.
func (n *connection) send(ctx context.Context) {
	for {
		if o := n.next(); o != nil {
			n.sendOne(ctx, o)
			continue
		}
		select {
		case <-n.wake:
		case <-ctx.Done():
			return
		}
	}
}

// next removes the first message that is to be sent and returns it, or nil.
func (n *connection) next() *outgoing {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.unsent) == 0 {
		return nil
	}
	o := n.unsent[0]
	n.unsent = n.unsent[1:]
	return o
}

// sendOne passes a message to the client. Many messages can be in flight; an action and a private message
// wait for their answer. If the connection breaks first, those after a private message to the same peer are not sent
// over the next one, when the name may belong to another member.
func (n *connection) sendOne(ctx context.Context, o *outgoing) {
	var id int64
	var err error
	switch o.verb {
	case wire.VerbMe:
		id, err = n.client.Act(ctx, o.text)
	case wire.VerbMsg:
		err = n.client.Tell(ctx, o.to, o.text)
	default:
		err = n.client.Post(ctx, o.text, func(id int64, err error) { n.mail.put(answer{o, id, err}) })
		if err == nil {
			return
		}
	}
	n.mail.put(answer{o, id, err})
	if o.verb == wire.VerbMsg && errors.Is(err, client.ErrInterrupted) {
		n.withdraw(o.view)
	}
}

// receive puts events into the mailbox until the client has ended or ctx is done.
func (n *connection) receive(ctx context.Context) {
	for {
		e, err := n.client.Next(ctx)
		if err != nil {
			n.mail.put(ended{n, err})
			return
		}
		if n.mail.deliver(ctx, arrived{n, e}) != nil {
			return
		}
	}
}
