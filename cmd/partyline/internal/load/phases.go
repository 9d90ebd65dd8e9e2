//go:build linux

package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// glance is how often a phase looks whether it is over.
	glance = time.Millisecond
	// every is the time between two points of the report's series.
	every = 100 * time.Millisecond
	// grace is how long a drained run waits for what nobody should get.
	grace = 100 * time.Millisecond
	// drainPatience is how long nothing may come before the rest counts as lost.
	drainPatience = 3 * time.Second
)

// await waits until done returns total or more. It gives up when done has not grown for
// the patience, and reports whether it was reached.
func await(ctx context.Context, patience time.Duration, total int64, done func() int64, told func(int64)) bool {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	last, since := done(), time.Now()
	for {
		n := done()
		told(n)
		switch {
		case n >= total:
			return true
		case n > last:
			last, since = n, time.Now()
		case time.Since(since) > patience:
			return false
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

// gather brings all members in and waits for their welcomes.
func (r *run) gather(ctx context.Context, rep *Report, progress Progress) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	var dialing sync.WaitGroup
	var next atomic.Int64
	for range dialers {
		dialing.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(r.members) {
					return
				}
				m := r.members[i]
				err := r.target.dial(m)
				if err == nil {
					err = r.loops[i%len(r.loops)].add(m)
				}
				if err != nil {
					cancel(fmt.Errorf("member %d of %d can't come in: %w", i+1, len(r.members), err))
				}
			}
		})
	}
	total := int64(len(r.members))
	in := await(ctx, tries, total, r.arrived.Load, func(n int64) { progress("arriving", n, total) })
	rep.Arrival = time.Since(began).Seconds()
	if !in {
		cancel(fmt.Errorf("%d of %d members got no welcome", total-r.arrived.Load(), total))
	}
	dialing.Wait()
	for _, m := range r.stuck {
		if ctx.Err() != nil {
			break
		}
		if err := r.target.dial(m); err != nil {
			cancel(fmt.Errorf("a member that never reads can't come in: %w", err))
		}
	}
	return context.Cause(ctx)
}

// open has a first message said in each room. What members hear behind it is compared.
func (r *run) open(ctx context.Context) error {
	for i := range r.rooms {
		(&talker{run: r, loop: r.loops[i%len(r.loops)], member: r.members[i]}).start()
	}
	total := int64(len(r.members))
	if !await(ctx, tries, total, r.begun.Load, func(int64) {}) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%d of %d members did not hear the first message", total-r.begun.Load(), total)
	}
	for _, room := range r.rooms {
		room.mu.Lock()
		for _, t := range room.tapes {
			t.first = nil
		}
		room.mu.Unlock()
	}
	return nil
}

// measure has the talkers talk, and measures when they are warm.
func (r *run) measure(ctx context.Context, rep *Report, use *usage, progress Progress) error {
	var pacing sync.WaitGroup
	defer pacing.Wait()
	pacer, stop := context.WithCancel(ctx)
	defer stop()
	begin := func() {
		if r.plan.Rate > 0 && len(r.talkers) > 0 {
			pacing.Go(func() { r.pace(pacer) })
			return
		}
		for _, t := range r.talkers {
			t.say(r.plan.Window, r.now())
		}
	}
	if r.plan.Messages == 0 {
		begin()
		if err := sleep(ctx, r.plan.Warmup); err != nil {
			return err
		}
	}
	rep.start(r, use)
	if r.plan.Messages > 0 {
		begin()
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	end := time.NewTimer(r.plan.For)
	defer end.Stop()
	if r.plan.Messages > 0 {
		end.Stop()
	}
	from := time.Now()
	for last, since := int64(-1), from; ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-end.C:
			rep.stop(r, use)
			r.quiet.Store(true)
			return nil
		case now := <-tick.C:
			rep.point(r)
			if r.plan.Messages == 0 {
				progress("talking", now.Sub(from).Milliseconds(), r.plan.For.Milliseconds())
				continue
			}
			n := r.delivered()
			if n > last {
				last, since = n, now
			}
			progress("talking", r.said.Load(), r.plan.Messages)
			if r.said.Load() >= r.limit && n >= r.expected() || now.Sub(since) > tries {
				rep.stop(r, use)
				r.quiet.Store(true)
				return nil
			}
		}
	}
}

// drain waits until everybody heard what was said.
func (r *run) drain(ctx context.Context, progress Progress) {
	total := r.expected()
	await(ctx, drainPatience, total, r.delivered, func(n int64) { progress("draining", n, total) })
	sleep(ctx, grace)
}

// expected returns how many deliveries what was said should make.
func (r *run) expected() (n int64) {
	p := r.plan
	for i, t := range r.talkers {
		t.mu.Lock()
		listeners := (p.TCP + p.WS - i%p.Rooms + p.Rooms - 1) / p.Rooms
		n += int64(t.sent.Load()) * int64(listeners)
		t.mu.Unlock()
	}
	return n
}

// judge counts the faults of all members.
func (r *run) judge(rep *Report) {
	said := make([][]uint32, len(r.rooms))
	for i, t := range r.talkers {
		said[i%len(r.rooms)] = append(said[i%len(r.rooms)], t.sent.Load())
	}
	for i, m := range r.members {
		e := &m.ear
		if m.stage == following {
			t := m.room.tapes[m.wire]
			e = &t.ear
			if m.at.block != t.tail || m.at.off != len(t.tail.buf) {
				behind, _ := t.part(m.at)
				e = &behind
			}
		}
		rep.Faults.add(e.end(said[i%len(r.rooms)]))
	}
	rep.Gone = r.gone.Load()
	rep.judgeLatency(r)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
