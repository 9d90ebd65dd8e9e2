package metrics

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"partyline/hub"
	"partyline/hub/wire"
)

// filled returns Metrics that have received each figure once.
func filled(t *testing.T) *Metrics {
	t.Helper()
	m := New("v1.2.3")
	m.Watch(func() hub.Figures {
		return hub.Figures{
			Members: map[string]int{"tcp": 3}, Rooms: map[string]int{"tcp": 2, "ws": 1},
			Written: map[string]int64{"ws": 70}, Lagging: 1, Backlog: 50,
		}
	}, func() bool { return false })
	m.Committed(7)
	m.Swept(time.Millisecond, 2*time.Millisecond)
	m.Skipped(40)
	m.Paced(1500 * time.Millisecond)
	m.TurnedAway("arrivals")
	m.ConnectionRefused()
	m.OriginRefused()
	m.HostRefused()
	m.Refused(wire.CodeNickTaken)
	m.Left("ws", "slow")
	m.Stored(5, 3*time.Millisecond)
	m.WatchShared(func() Shared { return Shared{1, 6, 2, 3, 4, 0.5, 7, 1.5} })
	return m
}

// scrape returns the answer of the handler.
func scrape(m *Metrics) string {
	w := httptest.NewRecorder()
	m.Handler(slog.NewLogLogger(slog.DiscardHandler, 0)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// TestFigures checks the value of each figure.
func TestFigures(t *testing.T) {
	got := scrape(filled(t))
	for _, want := range []string{
		`messages_total 1`, `deliveries_total 7`, `gaps_total 1`, `skipped_messages_total 40`, `pauses_total 1`, `paused_seconds_total 1.5`,
		`clients_turned_away_total{reason="arrivals"} 1`, `clients_turned_away_total{reason="members"} 0`,
		`clients_turned_away_total{reason="connections"} 1`, `clients_turned_away_total{reason="origin"} 1`,
		`clients_turned_away_total{reason="host"} 1`,
		`requests_refused_total{code="nick_taken"} 1`, `members_left_total{reason="slow",transport="ws"} 1`,
		`sweep_seconds_count 1`, `sweep_seconds_sum 0.001`, `delivery_lag_seconds_sum 0.002`,
		`journal_commit_seconds_sum 0.003`, `journal_batch_messages_sum 5`, `journal_healthy 0`,
		`members{transport="tcp"} 3`, `members{transport="ws"} 0`, `rooms{transport="ws"} 1`, `written_bytes_total{transport="ws"} 70`,
		`lagging_members 1`, `backlog_bytes 50`,
		`nats_behind_ids 1`, `nats_unindexed_ids 6`, `nats_consumer_restarts_total 2`, `nats_foreign_messages_total 3`, `nats_waiting_messages 4`, `nats_oldest_wait_seconds 0.5`,
		`nats_servers 7`, `nats_presence_age_seconds 1.5`,
	} {
		if !strings.Contains(got, "\npartyline_"+want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
	if !strings.Contains(got, `version="v1.2.3"`) || !strings.Contains(got, "\ngo_goroutines ") {
		t.Errorf("the version or the runtime is missing in\n%s", got)
	}
}

// TestLint runs the checks of promtool check metrics.
func TestLint(t *testing.T) {
	problems, err := testutil.GatherAndLint(filled(t).registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, namespace) {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestWithoutDisk checks that there are no figures of a disk without one.
func TestWithoutDisk(t *testing.T) {
	m := New("dev")
	m.Watch(func() hub.Figures { return hub.Figures{} }, nil)
	if got := scrape(m); strings.Contains(got, "journal") {
		t.Errorf("it has\n%s", got)
	}
}

// TestDocumented checks that docs/metrics.md lists exactly the figures that there are.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, match := range regexp.MustCompile("(?m)^\\| `(partyline_\\w+)").FindAllSubmatch(text, -1) {
		documented = append(documented, string(match[1]))
	}
	families, err := filled(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var exported []string
	for _, f := range families {
		if name := f.GetName(); strings.HasPrefix(name, namespace) {
			exported = append(exported, name)
			if !strings.Contains(string(text), fmt.Sprintf("| %s |", f.GetHelp())) {
				t.Errorf("docs/metrics.md does not say of %s: %s", name, f.GetHelp())
			}
		}
	}
	if !strings.Contains(string(text), "| `reason`: "+strings.Join(turnedAwayReasons, ", ")+" |") {
		t.Errorf("docs/metrics.md does not list the reasons %q", turnedAwayReasons)
	}
	for _, reason := range turnedAwayReasons {
		if !strings.Contains(string(text), "\n| "+reason+" | ") {
			t.Errorf("docs/metrics.md does not explain the reason %s", reason)
		}
	}
	slices.Sort(documented)
	if !slices.Equal(documented, exported) {
		t.Errorf("documented are\n%q, exported\n%q", documented, exported)
	}
}
