//go:build linux

package load

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Report is the result of a run. In its JSON, a name contains the unit of a time, except
// that the times of the plan are in ns. Memory is in bytes.
type Report struct {
	Plan    Plan    `json:"plan"`
	Members int     `json:"members"`
	Arrival float64 `json:"arrival_seconds"` // from the first connection to the last welcome

	Seconds             float64 `json:"seconds"` // of the measured interval, like the fields up to Server
	Messages            int64   `json:"messages"`
	Deliveries          int64   `json:"deliveries"`
	MessagesPerSecond   float64 `json:"messages_per_second"`
	DeliveriesPerSecond float64 `json:"deliveries_per_second"`
	Latency             Latency `json:"latency"`
	Server              *Server `json:"server,omitempty"`
	Faults              Faults  `json:"faults"` // of the whole run
	Disconnected        int64   `json:"gone"`   // members whose connection ended
	Series              []Point `json:"series"`

	latency              *hdrhistogram.Histogram
	start                time.Time // of the measured interval
	messages, deliveries int64     // before the measured interval
}

// Latency is the time from sending to receiving, in microseconds.
type Latency struct {
	P50     float64 `json:"p50_us"`
	P99     float64 `json:"p99_us"`
	P999    float64 `json:"p999_us"`
	Max     float64 `json:"max_us"`
	OneIn   uint32  `json:"one_in"`  // one message in OneIn is sampled
	Samples int64   `json:"samples"` // deliveries
}

// Server is the CPU time and the memory of the server.
type Server struct {
	CPUSeconds     float64 `json:"cpu_seconds"`
	CPUPerDelivery float64 `json:"cpu_us_per_delivery"`
	Empty          int64   `json:"memory_empty"` // before the first member
	Idle           int64   `json:"memory_idle"`  // with all members, before the first message
	Peak           int64   `json:"memory_peak"`  // after Idle
	PerMember      float64 `json:"memory_per_member"`
}

// A Point is the number of messages sent and delivered up to a time in the measured interval.
type Point struct {
	Seconds    float64 `json:"seconds"`
	Messages   int64   `json:"messages"`
	Deliveries int64   `json:"deliveries"`
}

// startMeasuring starts the measured interval.
func (rep *Report) startMeasuring(r *run, use *usage) {
	rep.messages, rep.deliveries = r.sent.Load(), r.delivered()
	r.measuring.Store(true)
	use.startCPU()
	rep.start = time.Now()
	rep.Series = []Point{{}}
}

func (rep *Report) addPoint(r *run) {
	rep.Series = append(rep.Series, Point{
		time.Since(rep.start).Seconds(), r.sent.Load() - rep.messages, r.delivered() - rep.deliveries,
	})
}

// stopMeasuring ends the measured interval and computes its figures.
func (rep *Report) stopMeasuring(r *run, use *usage) {
	use.stopCPU()
	rep.addPoint(r)
	r.measuring.Store(false)
	last := rep.Series[len(rep.Series)-1]
	rep.Seconds, rep.Messages, rep.Deliveries = last.Seconds, last.Messages, last.Deliveries
	rep.MessagesPerSecond = float64(rep.Messages) / rep.Seconds
	rep.DeliveriesPerSecond = float64(rep.Deliveries) / rep.Seconds
}

// addLatency merges the histograms of the loops, which have ended.
func (rep *Report) addLatency(r *run) {
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

// usage measures the CPU time and the memory of a server's process.
type usage struct {
	process *Process      // nil if there is nothing to measure
	cpu     time.Duration // at the start of the measured interval
	err     error         // the first
	Server
}

func newUsage(p *Process) *usage {
	u := &usage{process: p}
	if p != nil {
		u.Empty, _, u.err = p.resident()
	}
	return u
}

// measureIdle waits for the settle time and then measures the idle memory.
func (u *usage) measureIdle(ctx context.Context, settle time.Duration) error {
	if err := sleep(ctx, settle); err != nil || u.process == nil || u.err != nil {
		return err
	}
	u.Idle, _, u.err = u.process.resident()
	u.process.resetPeak()
	return u.err
}

func (u *usage) startCPU() {
	if u.process != nil && u.err == nil {
		u.cpu, u.err = u.process.cpu()
	}
}

func (u *usage) stopCPU() {
	if u.process == nil || u.err != nil {
		return
	}
	var now time.Duration
	now, u.err = u.process.cpu()
	u.CPUSeconds = (now - u.cpu).Seconds()
}

// addTo measures the peak memory and adds the usage to the report.
func (u *usage) addTo(rep *Report) error {
	if u.process == nil {
		return nil
	}
	if u.err == nil {
		_, u.Peak, u.err = u.process.resident()
	}
	if u.err != nil {
		return fmt.Errorf("measuring the server: %w", u.err)
	}
	if rep.Deliveries > 0 {
		u.CPUPerDelivery = u.CPUSeconds * 1e6 / float64(rep.Deliveries)
	}
	u.PerMember = float64(u.Idle-u.Empty) / float64(rep.Members)
	rep.Server = &u.Server
	return nil
}
