package metrics

import "github.com/prometheus/client_golang/prometheus"

// Shared are the figures of a history that servers share in NATS.
type Shared struct {
	Behind      int64   // ids in the streams that the server has not received yet
	Unindexed   int64   // ids in the streams that are not in the index for searches
	Restarts    int64   // consumers that were created again
	Foreign     int64   // messages of other programs that were not valid
	Waiting     int     // messages of the server's members that the streams have not returned yet
	OldestWaits float64 // for how many seconds the oldest of them does
	Servers     int     // other servers that are there
	PresenceAge float64 // seconds since the last sign of the one that has been silent longest
}

// The descriptions of these figures.
var (
	natsBehind    = describe("nats_behind_ids", "Ids in the streams that this server has not received yet, as of the last look.")
	natsUnindexed = describe("nats_unindexed_ids", "Ids in the streams that are not in the index for searches yet, as of the last look.")
	natsRestarts  = describe("nats_consumer_restarts_total", "Consumers of streams that were created again.")
	natsForeign   = describe("nats_foreign_messages_total", "Messages in the streams that no server has published, and that were skipped.")
	natsWaiting   = describe("nats_waiting_messages", "Messages of members that the streams have not returned yet.")
	natsOldest    = describe("nats_oldest_wait_seconds", "For how long the oldest of them waits.")
	natsServers   = describe("nats_servers", "Other servers that share the history and are there.")
	natsPresence  = describe("nats_presence_age_seconds", "The time since the last beat of the other server that has been silent longest.")
)

// A sharedState has the figures that are read when Prometheus asks for them.
type sharedState struct{ figures func() Shared }

// WatchShared registers the figures of a history that servers share.
func (m *Metrics) WatchShared(figures func() Shared) { m.registry.MustRegister(sharedState{figures}) }

// Describe implements [prometheus.Collector].
func (s sharedState) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{natsBehind, natsUnindexed, natsRestarts, natsForeign, natsWaiting, natsOldest, natsServers, natsPresence} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (s sharedState) Collect(to chan<- prometheus.Metric) {
	f := s.figures()
	to <- prometheus.MustNewConstMetric(natsBehind, prometheus.GaugeValue, float64(f.Behind))
	to <- prometheus.MustNewConstMetric(natsUnindexed, prometheus.GaugeValue, float64(f.Unindexed))
	to <- prometheus.MustNewConstMetric(natsRestarts, prometheus.CounterValue, float64(f.Restarts))
	to <- prometheus.MustNewConstMetric(natsForeign, prometheus.CounterValue, float64(f.Foreign))
	to <- prometheus.MustNewConstMetric(natsWaiting, prometheus.GaugeValue, float64(f.Waiting))
	to <- prometheus.MustNewConstMetric(natsOldest, prometheus.GaugeValue, f.OldestWaits)
	to <- prometheus.MustNewConstMetric(natsServers, prometheus.GaugeValue, float64(f.Servers))
	to <- prometheus.MustNewConstMetric(natsPresence, prometheus.GaugeValue, f.PresenceAge)
}
