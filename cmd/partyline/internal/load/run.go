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

// maxLoops is how many goroutines read at most.
const maxLoops = 4

// A run is one run of a plan.
type run struct {
	plan     *Plan
	target   target
	magic    magic
	padding  []byte
	sampling uint32
	began    time.Time

	rooms   []*room
	members []*member // that read
	stuck   []*member
	talkers []*talker
	loops   []*loop
	reading sync.WaitGroup

	arrived, begun, gone atomic.Int64 // members
	said                 atomic.Int64 // messages
	limit                int64        // of them
	measuring            atomic.Bool
	quiet                atomic.Bool // nothing more is said
	over                 atomic.Bool
}

// Progress is told how a run comes along: what it does, how much of it is done and how
// much there is to do.
type Progress func(stage string, done, of int64)

// Run does what the plan says and reports it. The server is the process at the plan's
// addresses, or nil where that can't be looked at. The plan has passed Check.
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
	if err := r.gather(ctx, rep, progress); err != nil {
		return nil, err
	}
	if err := use.idle(ctx, p.Settle); err != nil {
		return nil, err
	}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	if err := r.measure(ctx, rep, use, progress); err != nil {
		return nil, err
	}
	r.drain(ctx, progress)
	if err := use.report(rep); err != nil {
		return nil, err
	}
	r.over.Store(true)
	r.reading.Wait()
	r.judge(rep)
	return rep, nil
}

func newRun(p *Plan) (*run, error) {
	r := &run{plan: p, magic: newMagic(), began: time.Now(), sampling: p.sampling(), limit: math.MaxInt64}
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
	for i := range p.Stuck { // over both transports where both are used
		r.stuck = append(r.stuck, r.newMember(i, p.TCP == 0 || p.WS > 0 && i%2 == 1))
	}
	for i := range p.Talkers {
		m := r.members[p.talkerSeat(i)]
		m.talker = &talker{run: r, loop: r.loops[p.talkerSeat(i)%len(r.loops)], member: m, id: uint16(i)}
		r.talkers = append(r.talkers, m.talker)
	}
	return r, nil
}

// newMember returns the i-th member: the rooms are filled in turn.
func (r *run) newMember(i int, ws bool) *member {
	w := wire{ws, r.plan.TCPFormat}
	if ws {
		w.format = r.plan.WSFormat
	}
	m := &member{fd: -1, wire: w, room: r.rooms[i%r.plan.Rooms], name: r.plan.roomName(i % r.plan.Rooms), split: splitter{ws: ws}}
	if m.name == "" {
		m.name = lobby
	}
	return m
}

// talkerSeat returns which member the i-th talker is: rooms have their talkers in turn,
// and those of one room sit evenly among its members.
func (p *Plan) talkerSeat(i int) int {
	room, nth := i%p.Rooms, i/p.Rooms
	seats := (p.TCP + p.WS - room + p.Rooms - 1) / p.Rooms
	talkers := (p.Talkers - room + p.Rooms - 1) / p.Rooms
	return room + p.Rooms*(nth*seats/talkers)
}

// now returns the time of the run in ns.
func (r *run) now() int64 { return int64(time.Since(r.began)) }

// oneMore reports whether one more message may be said, which counts as said then.
func (r *run) oneMore() bool {
	if r.quiet.Load() {
		return false
	}
	if r.said.Add(1) > r.limit {
		r.said.Add(-1)
		return false
	}
	return true
}

// delivered returns how many messages arrived at members.
func (r *run) delivered() (n int64) {
	for _, l := range r.loops {
		n += l.delivered.Load()
	}
	return n
}

func (r *run) close() {
	r.over.Store(true)
	r.quiet.Store(true)
	r.reading.Wait()
	for _, t := range r.talkers {
		t.mu.Lock() // nobody writes any more
		t.failed = unix.EBADF
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
