package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"partyline/hub"
)

// A state has the figures that are read when Prometheus asks for them.
type state struct{ figures func() hub.Figures }

// The descriptions of these figures.
var (
	members = describe("members", "Members in a room, by transport.", "transport")
	rooms   = describe("rooms", "Rooms that have members over a transport.", "transport")
	written = describe("written_bytes_total", "Bytes of events that were written to members, without TLS.", "transport")
	lagging = describe("lagging_members", "Members that have not accepted everything yet.")
	backlog = describe("backlog_bytes", "Memory in which rooms keep events for lagging members.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

// transports are those that always have a figure, even if it is 0.
var transports = []string{"tcp", "ws"}

// Watch registers the figures of a hub, and of its journal on disk if healthy is not nil: it reports
// whether messages can be stored.
func (m *Metrics) Watch(figures func() hub.Figures, healthy func() bool) {
	m.registry.MustRegister(state{figures})
	if healthy == nil {
		return
	}
	m.registry.MustRegister(m.commits, m.batches, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "journal_healthy", Help: "1 if messages can be stored on disk, 0 if not.",
	}, func() float64 {
		if healthy() {
			return 1
		}
		return 0
	}))
}

// Describe implements [prometheus.Collector].
func (s state) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{members, rooms, written, lagging, backlog} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (s state) Collect(to chan<- prometheus.Metric) {
	f := s.figures()
	for _, t := range transports {
		to <- prometheus.MustNewConstMetric(members, prometheus.GaugeValue, float64(f.Members[t]), t)
		to <- prometheus.MustNewConstMetric(rooms, prometheus.GaugeValue, float64(f.Rooms[t]), t)
		to <- prometheus.MustNewConstMetric(written, prometheus.CounterValue, float64(f.Written[t]), t)
	}
	to <- prometheus.MustNewConstMetric(lagging, prometheus.GaugeValue, float64(f.Lagging))
	to <- prometheus.MustNewConstMetric(backlog, prometheus.GaugeValue, float64(f.Backlog))
}
