// Package hub is the core of the server: rooms, members, their order and the fan-out of events
// to them. It knows no sockets and no frames. A gateway brings a [Conn] and a [Codec] for each
// connection, and calls [Hub.Serve].
//
// Each room has one append-only stream of encoded frames per Codec, and each member has a
// cursor in one of them. While a room has new events, a sweep writes to every member what lies
// between its cursor and the end of the stream, without waiting. If the member's connection does
// not accept all of it, the member gets a goroutine until it has caught up. So an idle member has
// neither a writer nor a queue, and a slow member delays no other member.
//
// # Order
//
// The [history.Journal] decides the order of the messages of a room. Other events, such as joins,
// come between them in the order in which goroutines take the room's mu.
//
// # Goroutines
//
// Each member has the goroutine that calls Serve, which reads. The hub starts more: one while a
// member starts; one for each room that has new events, unless a session sweeps them, with helpers
// in a large room; one for each lagging member; and one for each member that another goroutine
// ends.
//
// # Locks
//
// A goroutine takes locks in this order, and may leave out any of them: a session's turn,
// roomList.mu, Hub.mu, room.mu, outbox.mu, and then backpressure.mu, nicks.mu or peers.mu. Only a turn
// is held while its holder waits for the journal, for another member or for another server.
//
// The caller of a function whose name ends in Locked holds a lock: the mu of the receiver, if that
// is a Hub, a room, an outbox or nicks, and the mu of the room, if the receiver is a part of one,
// such as a stream or its backpressure. A function that requires another lock says so.
//
// A journal may hold a lock of its own when it calls commit, which takes room.mu. The only method
// of the journal that the hub calls with locks held is Release, so Release must not take that
// lock. The hub calls Publish and Release of a directory with locks held; a directory holds no lock
// when it calls the hub.
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
	"partyline/hub/directory"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// Defaults of Options.
const (
	DefaultReplay        = 20
	DefaultMaxLine       = 4096
	DefaultWindow        = 1 << 20
	DefaultPing          = 25 * time.Second // clients expect no longer pause
	defaultHangUpTimeout = time.Minute
	DefaultMessages      = 1000 // messages in the history of a room
	DefaultPageLimit     = 500  // see admission.Limits
)

// Options configure a Hub. The zero value of a field means its default. A limit without a default
// above is off. SetLimits changes Rate, Burst and Limits later.
type Options struct {
	Journal       history.Journal // orders and keeps the messages; by default in memory
	Replay        int             // stored messages that a new text member gets; negative for none
	MaxLine       int             // bytes of a line of text, and of the text of a request
	Window        int64           // bytes of a stream that the hub keeps for lagging members
	Rate          float64         // lines a second that a member may send
	Burst         int             // lines that a member may send at once, if there is a Rate
	PingInterval  time.Duration   // the time between pings, at most DefaultPing
	HangUpTimeout time.Duration   // how long a member is read after a write to it failed
	Limits        admission.Limits
	Version       string              // the server's version, for the welcome
	Log           *slog.Logger        // nil for none
	Meter         Meter               // nil for none
	Directory     directory.Directory // of the members of other servers; nil if there are none
	Ready         func() bool         // reports whether clients may become members; nil if they always may
}

// A Hub holds the rooms and their members. Its methods may be called from any goroutine.
type Hub struct {
	started          time.Time
	opt              Options                // with defaults filled in; limits has those that SetLimits changes
	limits           atomic.Pointer[limits] // never nil
	gate             *admission.Gate
	backlog          backlog                          // of all streams
	uncommittedBytes atomic.Int64                     // of messages that the journal has not committed yet
	lastList         atomic.Pointer[wire.MessageList] // see messageList
	roomList         roomList
	nicks            nicks
	peers            peers
	historySlots     chan struct{} // has an element for each goroutine in withHistorySlot

	mu      sync.Mutex
	closing bool
	rooms   map[string]*room // the rooms that have members, or that sessions enter
	members map[*member]struct{}
	written map[string]int64 // bytes to members that have left, by transport

	checkMu sync.Mutex
	check   chan struct{} // closed at the end of the running check; nil if none runs
	checked time.Time     // when the last check ended

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
	if o.PingInterval == 0 {
		o.PingInterval = DefaultPing
	}
	if o.HangUpTimeout == 0 {
		o.HangUpTimeout = defaultHangUpTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	h := &Hub{
		started:      time.Now(),
		opt:          o,
		gate:         admission.NewGate(o.Limits),
		historySlots: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)),
		rooms:        make(map[string]*room),
		nicks:        nicks{bySkeleton: make(map[string]*identity), byToken: make(map[string]*identity), byIdentity: make(map[string]*identity), directory: o.Directory},
		peers:        newPeers(),
		members:      make(map[*member]struct{}),
		written:      make(map[string]int64),
	}
	h.SetLimits(o.Rate, o.Burst, o.Limits)
	if o.Directory != nil {
		o.Directory.Start(peerHub{h})
	}
	return h
}

// Admit admits a client from an address if Options.Limits allow it. The error is one of package
// admission. If it is nil, the caller must call Leave on the Slot when the connection has ended.
func (h *Hub) Admit(addr netip.Addr) (admission.Slot, error) {
	slot, err := admission.Slot{}, h.checkReady()
	if err == nil {
		slot, err = h.gate.Admit(addr)
	}
	if err != nil {
		h.opt.Meter.TurnedAway(turnedAwayReason(err))
	}
	return slot, err
}

// CheckAdmission returns the error that Admit would return now, and counts nothing.
func (h *Hub) CheckAdmission(addr netip.Addr) error {
	if err := h.checkReady(); err != nil {
		return err
	}
	return h.gate.Check(addr)
}

// checkReady returns an error until clients may become members.
func (h *Hub) checkReady() error {
	if h.opt.Ready == nil || h.opt.Ready() {
		return nil
	}
	return admission.ErrStarting
}

// Serve makes the client on c a member, and blocks until the member has left, c is closed, and no
// goroutine serves the member any more. Serve does not change caller, which must not change until the
// member has entered its room. It returns why the member ended: io.EOF if it ended its
// input, an error of this package, or an error of c. When ctx is done, the member ends with
// ErrShutdown.
func (h *Hub) Serve(ctx context.Context, caller *Caller, c Conn) error {
	// This goroutine mostly waits, and keeps its stack as long as the member stays. Starting
	// needs a deeper stack, so another goroutine does that.
	started := make(chan *session)
	go h.startSession(caller, c, started)
	s := <-started
	if s == nil {
		return ErrShutdown
	}
	if ctx.Done() != nil {
		return s.readUntil(ctx)
	}
	return s.readLoop()
}

// startSession sends the session of a client when it has entered its room, or nil if the hub shuts
// down.
func (h *Hub) startSession(caller *Caller, c Conn, started chan<- *session) {
	s := newSession(h, caller, c)
	if !h.add(s) {
		c.Close(ErrShutdown)
		started <- nil
		return
	}
	s.start(caller)
	started <- s
}

// add adds a member. It returns false if the hub shuts down.
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

// remove removes a member that has left its room. It waits until no other goroutine serves it.
func (h *Hub) remove(s *session) {
	h.mu.Lock()
	delete(h.members, &s.member) // before Wait, so that Shutdown starts no goroutine for it
	s.out.mu.Lock()
	h.written[s.via] += s.out.written
	s.out.mu.Unlock()
	h.mu.Unlock()
	s.wg.Wait()
	h.opt.Meter.Left(s.via, leftReason(s.endErr))
	reason := "left"
	if !errors.Is(s.endErr, io.EOF) {
		reason = s.endErr.Error()
	}
	if s.announced || s.replaced.Load() {
		h.opt.Log.Info("member left", "nick", s.nick, "transport", s.via, "addr", s.addr, "reason", reason)
	} else {
		h.opt.Log.Debug("client left without a request", "transport", s.via, "addr", s.addr, "reason", reason)
	}
	h.serving.Done()
}

// Shutdown stops the hub. The hub then accepts no new members and no new messages. Shutdown sends
// every member the pending messages and a goodbye, and returns when all members have left. If ctx
// is done first, it closes the remaining connections and returns ctx's error.
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

// Tidy releases memory of rooms that were busy before the last call of Tidy, and quiet since, and of
// members that left long ago.
func (h *Hub) Tidy() {
	h.mu.Lock()
	rooms := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range rooms {
		r.tidy()
	}
	h.nicks.expire()
}

// Members returns the number of members.
func (h *Hub) Members() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.members)
}
