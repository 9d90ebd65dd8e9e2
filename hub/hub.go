// Package hub is the core of the server: rooms, members, their order and the fan-out of events
// to them. It knows no sockets and no frames. A gateway brings a [Conn] and a [Codec] for each
// connection, and calls [Hub.Serve].
//
// Each room has one append-only stream of encoded frames per Codec, and each member has a
// cursor in one of them. While a room has new events, a sweep writes to every member what lies
// between its cursor and the end of the stream, without waiting. A member that does not take
// it gets a goroutine until it has caught up. So an idle member has neither a writer nor a
// queue, and a slow one delays no other.
//
// # Order
//
// The [history.Journal] decides the order of the messages of a room. Other events, such as arrivals,
// come between them in the order in which goroutines take the room's mu.
//
// # Goroutines
//
// Each member has one, which reads and calls Serve. Besides, there are: one for each room that
// has new events, with helpers in a large room; one for each member that lags; and one for each
// member that another goroutine ends.
//
// # Locks
//
// A goroutine takes locks in this order, and may leave out any of them: a session's turn,
// roomList.mu, Hub.mu, room.mu, outbox.mu, and then backpressure.mu or nicks.mu. Only a turn is
// held while its holder waits for the journal or for another member.
//
// A journal may hold a lock of its own when it calls commit, which takes room.mu. The hub calls
// only Release with locks held, so Release must not take that lock.
package hub

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"partyline/hub/admission"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// Defaults of Options.
const (
	DefaultReplay   = 20
	DefaultMaxLine  = 4096
	DefaultWindow   = 1 << 20
	DefaultReadOn   = time.Minute
	DefaultMessages = 1000 // in the history of a room
	DefaultPage     = 500  // Limits.PageLimit
)

// Options configure a Hub. The zero value of a field means its default, which for a limit is
// none.
type Options struct {
	Journal history.Journal // orders and keeps the messages; a history.Memory of DefaultMessages
	Replay  int             // stored messages that a new member gets in text; negative for none
	MaxLine int             // bytes of a line of text, and of the text of a request
	Window  int64           // bytes of a stream that are kept for lagging members
	Rate    float64         // lines a second that a member may send
	Burst   int             // lines that a member may send at once, if there is a Rate
	ReadOn  time.Duration   // how long a member that can't be written to is read
	Limits  admission.Limits
	Version string       // of the server, for the welcome
	Log     *slog.Logger // nil for none
}

// A Hub has the rooms and their members. Its methods may be called from any goroutine.
type Hub struct {
	opt              Options // with its defaults
	gate             *admission.Gate
	backlog          backlog      // of all streams
	uncommittedBytes atomic.Int64 // of messages that the journal has not committed yet
	lastPage         atomic.Pointer[wire.Page]
	roomList         roomList
	nicks            nicks
	historySlots     chan struct{} // has an element for each goroutine that encodes history

	mu      sync.Mutex
	closing bool
	rooms   map[string]*room // that have members, or will
	members map[*member]struct{}

	serving sync.WaitGroup // calls of Serve
	sweeps  sync.WaitGroup
}

// New returns a Hub without rooms.
func New(o Options) *Hub {
	if o.Journal == nil {
		o.Journal = history.NewMemory(history.Retention{Messages: DefaultMessages})
	}
	if o.Replay == 0 {
		o.Replay = DefaultReplay
	}
	if o.MaxLine == 0 {
		o.MaxLine = DefaultMaxLine
	}
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.ReadOn == 0 {
		o.ReadOn = DefaultReadOn
	}
	if o.Limits.PageLimit == 0 {
		o.Limits.PageLimit = DefaultPage
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{
		opt:          o,
		gate:         admission.NewGate(o.Limits),
		backlog:      backlog{limit: o.Limits.Backlog},
		historySlots: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)),
		rooms:        make(map[string]*room),
		nicks:        nicks{bySkeleton: make(map[string]*member)},
		members:      make(map[*member]struct{}),
	}
}

// Admit asks whether a client may connect from an address, within Options.Limits. The caller
// calls Leave on the Slot when the connection has ended.
func (h *Hub) Admit(addr netip.Addr) (admission.Slot, error) { return h.gate.Admit(addr) }

// Serve makes a member of the client on c, and blocks until it has left, c is closed, and no
// goroutine serves it any more. It returns the reason: io.EOF if the member ended its input, a
// reason of this package, or an error of c. When ctx is done, the member ends with ErrShutdown.
func (h *Hub) Serve(ctx context.Context, caller Caller, c Conn) error {
	// This goroutine mostly waits, and keeps its stack as long as the member stays. Starting
	// needs a deeper stack, so another goroutine does that.
	started := make(chan *session)
	go h.start(&caller, c, started)
	s := <-started
	if s == nil {
		return ErrShutdown
	}
	if ctx.Done() != nil {
		defer s.endWith(ctx)()
	}
	return s.readLoop()
}

// start sends a session that is in its room, or nil if the hub shuts down.
func (h *Hub) start(caller *Caller, c Conn, started chan<- *session) {
	s := newSession(h, caller, c)
	if !h.add(s) {
		c.Close(ErrShutdown)
		started <- nil
		return
	}
	s.start(caller)
	started <- s
}

// add adds a member, and reports whether it could: not while the hub shuts down.
func (h *Hub) add(s *session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.serving.Add(1)
	h.members[&s.member] = struct{}{}
	return true
}

// remove removes a member that has left its room, when no goroutine serves it any more.
func (h *Hub) remove(s *session) {
	h.mu.Lock()
	delete(h.members, &s.member) // before Wait: Shutdown starts nothing more for it
	h.mu.Unlock()
	s.wg.Wait()
	reason := "left"
	if !errors.Is(s.endErr, io.EOF) {
		reason = s.endErr.Error()
	}
	if s.announced {
		h.opt.Log.Info("member left", "nick", s.nick, "transport", s.via, "addr", s.addr, "reason", reason)
	} else {
		h.opt.Log.Debug("client left without a request", "transport", s.via, "addr", s.addr, "reason", reason)
	}
	h.serving.Done()
}

// Shutdown admits no new members and no new messages. It sends every member what was said
// before and a goodbye, and returns when all have left. If ctx is done first, it closes the
// remaining connections and returns ctx's error.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	h.closing = true
	for _, r := range h.rooms {
		r.close()
	}
	for m := range h.members {
		m.wg.Go(func() { m.session.end(ErrShutdown) })
	}
	h.mu.Unlock()

	done := make(chan struct{})
	go func() {
		defer close(done)
		h.serving.Wait()
		h.sweeps.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	for m := range h.members {
		m.wg.Go(func() { m.out.cut(ErrShutdown) })
	}
	for _, r := range h.rooms {
		r.abandon()
	}
	h.mu.Unlock()
	<-done
	return ctx.Err()
}

// Tidy releases memory of rooms that were busy, but not since the last call.
func (h *Hub) Tidy() {
	h.mu.Lock()
	rooms := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range rooms {
		r.tidy()
	}
}

// Members returns the number of members.
func (h *Hub) Members() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.members)
}
