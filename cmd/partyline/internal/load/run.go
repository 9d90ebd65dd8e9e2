//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const lobby = "lobby"

// maxLoops bounds the goroutines that read.
const maxLoops = 4

// A run is one run of a plan.
type run struct {
	plan     *Plan
	target   target
	magic    magic
	padding  []byte // the text of every message after the header
	sampling uint32
	start    time.Time

	rooms   []*room
	members []*member // that read
	stuck   []*member
	talkers []*talker
	loops   []*loop
	reading sync.WaitGroup

	joined, started, disconnected atomic.Int64 // members
	sent                          atomic.Int64 // messages
	limit                         int64        // of sent
	measuring                     atomic.Bool
	stopped                       atomic.Bool // no more messages are sent
	over                          atomic.Bool // nothing more is read
}

// A Progress function is called during a run with the current stage, the amount of work that
// is done, and the total.
type Progress func(stage string, done, total int64)

// Run runs the plan and returns its report. server is the process at the plan's addresses,
// or nil if it can't be measured. The plan has passed Check.
func Run(ctx context.Context, p Plan, server *Process, progress Progress) (*Report, error) {
	r, err := newRun(&p)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for _, l := range r.loops {
		r.reading.Go(l.serve)
	}
	rep := &Report{Plan: p, Members: p.TCP + p.WS + p.Stuck}
	use := newUsage(server)
	if err := r.join(ctx, rep, progress); err != nil {
		return nil, err
	}
	if err := use.measureIdle(ctx, p.Settle); err != nil {
		return nil, err
	}
	if err := r.startRooms(ctx); err != nil {
		return nil, err
	}
	if err := r.measure(ctx, rep, use, progress); err != nil {
		return nil, err
	}
	r.drain(ctx, progress)
	if err := use.addTo(rep); err != nil {
		return nil, err
	}
	r.over.Store(true)
	r.reading.Wait()
	r.addFaults(rep)
	rep.addLatency(r)
	return rep, nil
}

func newRun(p *Plan) (*run, error) {
	r := &run{plan: p, magic: newMagic(), start: time.Now(), sampling: p.sampling(), limit: math.MaxInt64}
	if p.Messages > 0 {
		r.limit = p.Messages
	}
	r.padding = bytes.Repeat([]byte(" all work and no play"), 1+p.Size/20)[:p.Size-headerSize]
	if n := len(r.padding); n > 0 && r.padding[n-1] == ' ' {
		r.padding[n-1] = '.'
	}
	var err error
	if r.target, err = p.target(); err != nil {
		return nil, err
	}
	for range min(runtime.GOMAXPROCS(0), maxLoops) {
		l, err := newLoop(r)
		if err != nil {
			r.close()
			return nil, fmt.Errorf("epoll: %w", err)
		}
		r.loops = append(r.loops, l)
	}
	for i := range p.Rooms {
		r.rooms = append(r.rooms, newRoom(r.magic, p.Rooms, (p.Talkers-i+p.Rooms-1)/p.Rooms))
	}
	for i := range p.TCP + p.WS {
		r.members = append(r.members, r.newMember(i, i >= p.TCP))
	}
	for i := range p.Stuck { // alternate if the plan has both transports
		r.stuck = append(r.stuck, r.newMember(i, p.TCP == 0 || p.WS > 0 && i%2 == 1))
	}
	for i := range p.Talkers {
		n := p.talkerMember(i)
		m := r.members[n]
		m.talker = &talker{run: r, loop: r.loops[n%len(r.loops)], member: m, id: uint16(i)}
		r.talkers = append(r.talkers, m.talker)
	}
	return r, nil
}

// newMember returns member i, which is in room i modulo the number of rooms.
func (r *run) newMember(i int, ws bool) *member {
	c := codec{ws, r.plan.TCPFormat}
	if ws {
		c.format = r.plan.WSFormat
	}
	n := i % r.plan.Rooms
	m := &member{fd: -1, codec: c, room: r.rooms[n], roomName: r.plan.roomName(n), split: splitter{ws: ws}}
	if m.roomName == "" {
		m.roomName = lobby
	}
	return m
}

// talkerMember returns the index of the member that is talker i. Talker i is in room i
// modulo the number of rooms, and the talkers of a room are spread evenly among its members.
func (p *Plan) talkerMember(i int) int {
	room, nth := i%p.Rooms, i/p.Rooms
	members := (p.TCP + p.WS - room + p.Rooms - 1) / p.Rooms
	talkers := (p.Talkers - room + p.Rooms - 1) / p.Rooms
	return room + p.Rooms*(nth*members/talkers)
}

// now returns the time since the run started, in ns.
func (r *run) now() int64 { return int64(time.Since(r.start)) }

// takeMessage reports whether one more message may be sent, and counts it as sent if so.
func (r *run) takeMessage() bool {
	if r.stopped.Load() {
		return false
	}
	if r.sent.Add(1) > r.limit {
		r.sent.Add(-1)
		return false
	}
	return true
}

// delivered returns the number of messages that members received.
func (r *run) delivered() (n int64) {
	for _, l := range r.loops {
		n += l.delivered.Load()
	}
	return n
}

func (r *run) close() {
	r.over.Store(true)
	r.stopped.Store(true)
	r.reading.Wait()
	for _, t := range r.talkers {
		t.mu.Lock() // a write is over, and there is none after it
		t.err = unix.EBADF
		t.mu.Unlock()
	}
	for _, members := range [][]*member{r.members, r.stuck} {
		for _, m := range members {
			if m.fd >= 0 {
				unix.Close(m.fd)
			}
		}
	}
	for _, l := range r.loops {
		unix.Close(l.poll)
	}
}
