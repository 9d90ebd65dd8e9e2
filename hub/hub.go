// Package hub is the room where people meet, whatever line they came over: names, rooms,
// order, fan-out and history. It knows nothing of sockets, frames or doors; a transport
// brings a [Conn] and a [Codec] and calls [Hub.Serve].
//
// Each room has one append-only stream of encoded frames per Codec, and each member is a
// cursor into it. A sweep runs while a room has something new and writes to every member
// what lies between its cursor and the end, without waiting for anybody; who can't take
// it gets a goroutine until it has caught up. So an idle member has no writer and no
// queue, and a slow one delays nobody.
//
// Goroutines: one a member, which reads (Serve's own); one a room while it has something
// new, with helpers in large rooms; one a member that is behind; one a member that is
// being ended by somebody else.
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

// Options say how a Hub behaves. The zero value of each field means its default.
type Options struct {
	Journal history.Journal // who orders and keeps the messages; in memory, 1000 a room
	Replay  int             // stored messages that a newcomer in text gets; 20, none where negative
	MaxLine int             // bytes in a line of text and in the text of a request; 4096
	Window  int64           // bytes a stream keeps for those who read slowly; 1 MiB
	Rate    float64         // lines a second that a member may say; no bound where 0
	Burst   int             // lines that it may say at once
	ReadOn  time.Duration   // for which a member that can't be written to is read; a minute
	Limits  admission.Limits
	Version string // of the server, told in the welcome
	Log     *slog.Logger
}

// A Hub holds the rooms and everybody in them. Its methods may be called from any
// goroutine.
type Hub struct {
	journal          history.Journal
	replay           int
	maxLine          int
	window           int64
	rate             float64
	burst            int
	readOn           time.Duration
	limits           admission.Limits
	gate             *admission.Gate
	backlog          backlog      // of all streams
	uncommittedBytes atomic.Int64 // bytes of texts that the journal has not committed yet
	lastPage         atomic.Pointer[wire.Page]
	roomList         roomList
	nicks            nicks
	historySlots     chan struct{} // holds a token for each who may encode history
	version          string
	log              *slog.Logger

	mu      sync.Mutex // taken before any other
	closing bool
	rooms   map[string]*room // those with people
	members map[*member]struct{}

	serving sync.WaitGroup // calls of Serve
	sweeps  sync.WaitGroup
}

// New returns a Hub with an empty lobby.
func New(o Options) *Hub {
	if o.Journal == nil {
		o.Journal = history.NewMemory(history.Retention{Messages: 1000})
	}
	if o.Replay == 0 {
		o.Replay = 20
	}
	if o.MaxLine == 0 {
		o.MaxLine = 4096
	}
	if o.Window == 0 {
		o.Window = 1 << 20
	}
	if o.ReadOn == 0 {
		o.ReadOn = time.Minute
	}
	if o.Limits.PageLimit == 0 {
		o.Limits.PageLimit = 500
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{
		journal:      o.Journal,
		replay:       max(o.Replay, 0),
		maxLine:      o.MaxLine,
		window:       o.Window,
		rate:         o.Rate,
		burst:        o.Burst,
		readOn:       o.ReadOn,
		limits:       o.Limits,
		gate:         admission.NewGate(o.Limits),
		backlog:      backlog{limit: o.Limits.Backlog},
		historySlots: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)),
		version:      o.Version,
		log:          o.Log,
		rooms:        make(map[string]*room),
		nicks:        nicks{bySkeleton: make(map[string]*member)},
		members:      make(map[*member]struct{}),
	}
}

// Admit asks the hub's [Gate] whether a client may connect from an address. Whoever gets a
// Seat calls its Leave when the connection has ended.
func (h *Hub) Admit(addr netip.Addr) (admission.Slot, error) { return h.gate.Admit(addr) }

// Serve puts c on the line for who and blocks until it is off again and nothing of it is
// left, returning why: io.EOF where the member left, a reason of this package, or an
// error of c. It closes c. The end of ctx ends the member with ErrShutdown.
func (h *Hub) Serve(ctx context.Context, who Caller, c Conn) error {
	// This goroutine waits for as long as the member stays. Another one takes the way
	// through the door, which needs a deeper stack than waiting does.
	started := make(chan *session)
	go h.start(&who, c, started)
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
func (h *Hub) start(who *Caller, c Conn, started chan<- *session) {
	s := newSession(h, who, c)
	if !h.add(&s.member) {
		c.Close(ErrShutdown)
		started <- nil
		return
	}
	s.start(who)
	started <- s
}

// dismiss forgets m, which is off the line, when nothing of it is left.
func (h *Hub) remove(m *member) {
	h.mu.Lock()
	delete(h.members, m) // before the wait: Shutdown starts nothing more for m
	h.mu.Unlock()
	m.wg.Wait()
	if m.announced {
		h.log.Info("member off", "nick", m.nick, "via", m.via, "addr", m.addr, "reason", reason(m.session.endErr))
	} else {
		h.log.Debug("caller gone without a word", "via", m.via, "addr", m.addr, "reason", reason(m.session.endErr))
	}
	h.serving.Done()
}

func reason(why error) string {
	if errors.Is(why, io.EOF) {
		return "left"
	}
	return why.Error()
}

func (h *Hub) add(m *member) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.serving.Add(1)
	h.members[m] = struct{}{}
	return true
}

// Shutdown lets nobody new in and nothing more be said, gives everybody what was said
// until then and a goodbye, and returns when all are off the line. Where ctx ends before,
// it cuts off the rest and returns ctx's error.
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

// Tidy gives up memory that rooms needed when they were busy and have not since the last
// call.
func (h *Hub) Tidy() {
	h.mu.Lock()
	rooms := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range rooms {
		r.tidy()
	}
}

// Members returns how many are on the line.
func (h *Hub) Members() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.members)
}
