//go:build linux

package load

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Report is what a run measured. Its JSON is for machines: times are in the unit that
// the name says, memory is in bytes.
type Report struct {
	Plan    Plan    `json:"plan"`
	Members int     `json:"members"`
	Arrival float64 `json:"arrival_seconds"` // from the first connection to the last welcome

	Seconds             float64 `json:"seconds"` // measured; what follows is within it
	Messages            int64   `json:"messages"`
	Deliveries          int64   `json:"deliveries"`
	MessagesPerSecond   float64 `json:"messages_per_second"`
	DeliveriesPerSecond float64 `json:"deliveries_per_second"`
	Latency             Latency `json:"latency"`
	Server              *Server `json:"server,omitempty"`
	Faults              Faults  `json:"faults"` // of the whole run, with what came after it
	Gone                int64   `json:"gone"`   // members whose connection ended
	Series              []Point `json:"series"`

	latency              *hdrhistogram.Histogram
	began                time.Time
	messages, deliveries int64 // before
}

// Latency is the time from saying to hearing, in microseconds.
type Latency struct {
	P50     float64 `json:"p50_us"`
	P99     float64 `json:"p99_us"`
	P999    float64 `json:"p999_us"`
	Max     float64 `json:"max_us"`
	OneIn   uint32  `json:"one_in"`  // it is that of one message in so many
	Samples int64   `json:"samples"` // deliveries
}

// Server is what the server used.
type Server struct {
	CPUSeconds     float64 `json:"cpu_seconds"`
	CPUPerDelivery float64 `json:"cpu_us_per_delivery"`
	Empty          int64   `json:"memory_empty"` // before anybody came
	Idle           int64   `json:"memory_idle"`  // with all members, before anything was said
	Peak           int64   `json:"memory_peak"`  // from then on
	PerMember      float64 `json:"memory_per_member"`
}

// A Point is what was said and delivered until a moment of the measured time.
type Point struct {
	Seconds    float64 `json:"seconds"`
	Messages   int64   `json:"messages"`
	Deliveries int64   `json:"deliveries"`
}

// start begins what is measured.
func (rep *Report) start(r *run, use *usage) {
	rep.messages, rep.deliveries = r.said.Load(), r.delivered()
	r.measuring.Store(true)
	use.begin()
	rep.began = time.Now()
	rep.Series = []Point{{}}
}

func (rep *Report) point(r *run) {
	rep.Series = append(rep.Series, Point{
		time.Since(rep.began).Seconds(), r.said.Load() - rep.messages, r.delivered() - rep.deliveries,
	})
}

// stop ends what is measured.
func (rep *Report) stop(r *run, use *usage) {
	use.end()
	rep.point(r)
	r.measuring.Store(false)
	last := rep.Series[len(rep.Series)-1]
	rep.Seconds, rep.Messages, rep.Deliveries = last.Seconds, last.Messages, last.Deliveries
	rep.MessagesPerSecond = float64(rep.Messages) / rep.Seconds
	rep.DeliveriesPerSecond = float64(rep.Deliveries) / rep.Seconds
}

// judgeLatency puts together what the loops noted, when they have ended.
func (rep *Report) judgeLatency(r *run) {
	rep.latency = newHistogram()
	for _, l := range r.loops {
		rep.latency.Merge(l.latency)
	}
	us := func(ns int64) float64 { return float64(ns) / 1e3 }
	h := rep.latency
	rep.Latency = Latency{
		us(h.ValueAtPercentile(50)), us(h.ValueAtPercentile(99)), us(h.ValueAtPercentile(99.9)), us(h.Max()),
		r.sampling, h.TotalCount(),
	}
}

// usage looks at a server's process while it is measured; at nothing where that is nil.
type usage struct {
	process *Process
	cpu     time.Duration
	err     error
	Server
}

func newUsage(p *Process) *usage {
	u := &usage{process: p}
	if p != nil {
		u.Empty, _, u.err = p.resident()
	}
	return u
}

// idle looks at the memory after a quiet time.
func (u *usage) idle(ctx context.Context, settle time.Duration) error {
	if err := sleep(ctx, settle); err != nil || u.process == nil || u.err != nil {
		return err
	}
	u.Idle, _, u.err = u.process.resident()
	u.process.forgetPeak()
	return u.err
}

func (u *usage) begin() {
	if u.process != nil && u.err == nil {
		u.cpu, u.err = u.process.cpu()
	}
}

func (u *usage) end() {
	if u.process == nil || u.err != nil {
		return
	}
	var now time.Duration
	now, u.err = u.process.cpu()
	u.CPUSeconds = (now - u.cpu).Seconds()
}

func (u *usage) report(rep *Report) error {
	if u.process == nil {
		return nil
	}
	if u.err == nil {
		_, u.Peak, u.err = u.process.resident()
	}
	if u.err != nil {
		return fmt.Errorf("the server can't be looked at: %w", u.err)
	}
	if rep.Deliveries > 0 {
		u.CPUPerDelivery = u.CPUSeconds * 1e6 / float64(rep.Deliveries)
	}
	u.PerMember = float64(u.Idle-u.Empty) / float64(rep.Members)
	rep.Server = &u.Server
	return nil
}
