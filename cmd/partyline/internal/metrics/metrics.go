// Package metrics exports figures of a server to Prometheus. docs/metrics.md lists them.
//
// A [Metrics] counts what the hub and the journal report. What can be read at any time, such as the
// number of members, is read when Prometheus asks for it (see [Metrics.Watch]).
package metrics

import (
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"partyline/cmd/partyline/internal/build"
	"partyline/hub"
	"partyline/hub/wire"
)

// The reasons for which a client is turned away besides those of the hub: its address has too many
// connections that are not members, or it belongs to another web site.
const (
	reasonConnections = "connections"
	reasonOrigin      = "origin"
	reasonHost        = "host"
)

var turnedAwayReasons = slices.Concat(hub.TurnedAwayReasons, []string{reasonConnections, reasonOrigin, reasonHost})

// namespace is the prefix of the names.
const namespace = "partyline"

// Metrics are the figures that are counted as they arise. It is a [hub.Meter].
type Metrics struct {
	registry *prometheus.Registry

	messages, deliveries prometheus.Counter
	gaps, skipped        prometheus.Counter
	pauses, paused       prometheus.Counter
	turnedAway           *prometheus.CounterVec
	refused              *prometheus.CounterVec
	left                 *prometheus.CounterVec
	sweeps, lag          prometheus.Histogram
	commits, batches     prometheus.Histogram
}

var _ hub.Meter = (*Metrics)(nil)

// New returns the figures of a server of a version, with those of the Go runtime and of the process,
// in a registry of their own.
func New(version string) *Metrics {
	r := prometheus.NewRegistry()
	m := &Metrics{
		registry:   r,
		messages:   counter("messages_total", "Messages that were said in a room."),
		deliveries: counter("deliveries_total", "Messages times the members of their rooms."),
		gaps:       counter("gaps_total", "Gap notices to members that read too slowly."),
		skipped:    counter("skipped_messages_total", "Messages that members did not get because they read too slowly."),
		pauses:     counter("pauses_total", "Pauses in reading a member that exceeds its rate limit."),
		paused:     counter("paused_seconds_total", "The time of these pauses."),
		turnedAway: counters("clients_turned_away_total", "Clients that were turned away, by reason.", "reason"),
		refused:    counters("requests_refused_total", "Requests that were refused, by the code of the answer.", "code"),
		left:       counters("members_left_total", "Members that have left, by transport and reason.", "transport", "reason"),
		sweeps:     histogram("sweep_seconds", "The time to write new events to all members of a room that do not lag.", seconds),
		lag:        histogram("delivery_lag_seconds", "The age of the oldest event of such a sweep at its end.", seconds),
		commits:    histogram("journal_commit_seconds", "The time to store messages on disk, for each transaction.", seconds),
		batches:    histogram("journal_batch_messages", "Messages in each transaction.", prometheus.ExponentialBuckets(1, 4, 7)),
	}
	for _, reason := range turnedAwayReasons {
		m.turnedAway.WithLabelValues(reason)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1. The labels describe the program.",
		ConstLabels: prometheus.Labels{"version": version, "revision": build.Commit(), "goversion": runtime.Version()},
	})
	build.Set(1)
	r.MustRegister(
		m.messages, m.deliveries, m.gaps, m.skipped, m.pauses, m.paused, m.turnedAway, m.refused, m.left, m.sweeps, m.lag, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// seconds are the buckets of times: 16 µs to 16.8 s, each four times as long as the one before.
var seconds = prometheus.ExponentialBuckets(16e-6, 4, 11)

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
}

// Handler returns the handler of /metrics. errors gets what goes wrong in it.
func (m *Metrics) Handler(errors promhttp.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: errors})
}

// Committed implements [hub.Meter].
func (m *Metrics) Committed(members int) {
	m.messages.Inc()
	m.deliveries.Add(float64(members))
}

// Swept implements [hub.Meter].
func (m *Metrics) Swept(took, age time.Duration) {
	m.sweeps.Observe(took.Seconds())
	m.lag.Observe(age.Seconds())
}

// Skipped implements [hub.Meter].
func (m *Metrics) Skipped(messages int64) {
	m.gaps.Inc()
	m.skipped.Add(float64(messages))
}

// Paced implements [hub.Meter].
func (m *Metrics) Paced(wait time.Duration) {
	m.pauses.Inc()
	m.paused.Add(wait.Seconds())
}

// TurnedAway implements [hub.Meter].
func (m *Metrics) TurnedAway(reason string) { m.turnedAway.WithLabelValues(reason).Inc() }

// ConnectionRefused counts a connection above the limit of those from one address that are not members.
func (m *Metrics) ConnectionRefused() { m.TurnedAway(reasonConnections) }

// OriginRefused counts a request of a page of another web site.
func (m *Metrics) OriginRefused() { m.TurnedAway(reasonOrigin) }

// HostRefused counts a request for another host.
func (m *Metrics) HostRefused() { m.TurnedAway(reasonHost) }

// Refused implements [hub.Meter].
func (m *Metrics) Refused(code wire.Code) { m.refused.WithLabelValues(string(code)).Inc() }

// Left implements [hub.Meter].
func (m *Metrics) Left(transport, reason string) { m.left.WithLabelValues(transport, reason).Inc() }

// Stored counts a transaction of the journal.
func (m *Metrics) Stored(messages int, took time.Duration) {
	m.batches.Observe(float64(messages))
	m.commits.Observe(took.Seconds())
}
