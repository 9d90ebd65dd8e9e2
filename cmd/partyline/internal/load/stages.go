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
	// pollInterval is the time between two checks of whether a stage is over.
	pollInterval = time.Millisecond
	// seriesInterval is the time between two points of the report's series.
	seriesInterval = 100 * time.Millisecond
	// stallTimeout bounds the time without progress while a member connects, while members
	// join, and while a plan's Messages are delivered.
	stallTimeout = 10 * time.Second
	// drainTimeout bounds the time without progress while a run drains. Messages that are not
	// delivered by then count as lost.
	drainTimeout = 3 * time.Second
	// grace is how long a drained run waits for duplicates.
	grace = 100 * time.Millisecond
)

// waitFor waits until done returns total or more, and reports whether it did. It gives up
// when ctx ends, or when done has not grown for the timeout. It calls report with each value
// of done.
func waitFor(ctx context.Context, timeout time.Duration, total int64, done func() int64, report func(int64)) bool {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	last, since := done(), time.Now()
	for {
		n := done()
		report(n)
		switch {
		case n >= total:
			return true
		case n > last:
			last, since = n, time.Now()
		case time.Since(since) > timeout:
			return false
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

// join connects all members and waits for their welcomes.
func (r *run) join(ctx context.Context, rep *Report, progress Progress) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
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
					cancel(fmt.Errorf("connecting member %d of %d: %w", i+1, len(r.members), err))
				}
			}
		})
	}
	total := int64(len(r.members))
	ok := waitFor(ctx, stallTimeout, total, r.joined.Load, func(n int64) { progress("joining", n, total) })
	rep.Arrival = time.Since(start).Seconds()
	if !ok {
		cancel(fmt.Errorf("%d of %d members received no welcome", total-r.joined.Load(), total))
	}
	dialing.Wait()
	for _, m := range r.stuck {
		if ctx.Err() != nil {
			break
		}
		if err := r.target.dial(m); err != nil {
			cancel(fmt.Errorf("connecting a member that never reads: %w", err))
		}
	}
	return context.Cause(ctx)
}

// startRooms sends the start message of each room. The transcripts contain what members
// receive after it.
func (r *run) startRooms(ctx context.Context) error {
	for i := range r.rooms {
		(&talker{run: r, loop: r.loops[i%len(r.loops)], member: r.members[i]}).sendStart()
	}
	total := int64(len(r.members))
	if !waitFor(ctx, stallTimeout, total, r.started.Load, func(int64) {}) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%d of %d members did not receive the start message", total-r.started.Load(), total)
	}
	for _, room := range r.rooms {
		room.mu.Lock()
		for _, t := range room.transcripts {
			t.first = nil
		}
		room.mu.Unlock()
	}
	return nil
}

// measure starts the talkers, and measures after the warmup.
func (r *run) measure(ctx context.Context, rep *Report, use *usage, progress Progress) error {
	var pacing sync.WaitGroup
	defer pacing.Wait()
	pacer, stop := context.WithCancel(ctx)
	defer stop()
	startTalkers := func() {
		if r.plan.Rate > 0 && len(r.talkers) > 0 {
			pacing.Go(func() { r.pace(pacer) })
			return
		}
		for _, t := range r.talkers {
			t.send(r.plan.Window, r.now())
		}
	}
	if r.plan.Messages == 0 {
		startTalkers()
		if err := sleep(ctx, r.plan.Warmup); err != nil {
			return err
		}
	}
	rep.startMeasuring(r, use)
	if r.plan.Messages > 0 {
		startTalkers()
	}
	tick := time.NewTicker(seriesInterval)
	defer tick.Stop()
	end := time.NewTimer(r.plan.For)
	defer end.Stop()
	if r.plan.Messages > 0 {
		end.Stop()
	}
	start := time.Now()
	for last, since := int64(-1), start; ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-end.C:
			rep.stopMeasuring(r, use)
			r.stopped.Store(true)
			return nil
		case now := <-tick.C:
			rep.addPoint(r)
			if r.plan.Messages == 0 {
				progress("measuring", now.Sub(start).Milliseconds(), r.plan.For.Milliseconds())
				continue
			}
			n := r.delivered()
			if n > last {
				last, since = n, now
			}
			progress("measuring", r.sent.Load(), r.plan.Messages)
			if r.sent.Load() >= r.limit && n >= r.expected() || now.Sub(since) > stallTimeout {
				rep.stopMeasuring(r, use)
				r.stopped.Store(true)
				return nil
			}
		}
	}
}

// drain waits until all members have received all messages.
func (r *run) drain(ctx context.Context, progress Progress) {
	total := r.expected()
	waitFor(ctx, drainTimeout, total, r.delivered, func(n int64) { progress("draining", n, total) })
	sleep(ctx, grace)
}

// expected returns the number of deliveries of the messages sent.
func (r *run) expected() (n int64) {
	p := r.plan
	for i, t := range r.talkers {
		t.mu.Lock()
		members := (p.TCP + p.WS - i%p.Rooms + p.Rooms - 1) / p.Rooms
		n += int64(t.sent.Load()) * int64(members)
		t.mu.Unlock()
	}
	return n
}

// addFaults adds the faults of all members to the report. The loops have ended.
func (r *run) addFaults(rep *Report) {
	sent := make([][]uint32, len(r.rooms))
	for i, t := range r.talkers {
		sent[i%len(r.rooms)] = append(sent[i%len(r.rooms)], t.sent.Load())
	}
	for i, m := range r.members {
		rep.Faults.add(m.faults(sent[i%len(r.rooms)]))
	}
	rep.Disconnected = r.disconnected.Load()
}

// faults returns the faults of a member. sent is the number of messages that each talker of
// its room sent.
func (m *member) faults(sent []uint32) Faults {
	if m.state != matching {
		return m.checker.result(sent)
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	t := m.room.transcripts[m.codec]
	if m.cursor.chunk == t.last && m.cursor.off == len(t.last.buf) {
		return t.checker.result(sent)
	}
	state, _ := t.stateLocked(m.cursor)
	return state.result(sent)
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
