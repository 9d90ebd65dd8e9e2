//go:build linux

package load

import (
	"testing"
	"time"
)

// noProgress is a Progress that does nothing.
func noProgress(string, int64, int64) {}

// withDefaults returns the plan with defaults for fields that are zero.
func withDefaults(p Plan) Plan {
	p.Rooms = max(p.Rooms, 1)
	if p.Size == 0 {
		p.Size = 100
	}
	for _, f := range []*Format{&p.TCPFormat, &p.WSFormat} {
		if *f == "" {
			*f = Text
		}
	}
	return p
}

// runOn starts the named server and runs the plan against it.
func runOn(t *testing.T, name string, p Plan) *Report {
	t.Helper()
	s, err := Start(t.Context(), serverCommand(name))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	p = withDefaults(p)
	p.Addr, p.URL = s.TCP, "ws://"+s.HTTP+"/ws"
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	rep, err := Run(t.Context(), p, s, noProgress)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// TestRun runs each server with a few members. No message is lost, and all are counted.
func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		server string
		plan   Plan
	}{
		"both transports, both formats": {"partyline", Plan{TCP: 10, WS: 10, WSFormat: JSON, Talkers: 5, Window: 4, Messages: 500}},
		"formats swapped":               {"partyline", Plan{TCP: 10, WS: 10, TCPFormat: JSON, Talkers: 5, Window: 4, Messages: 500}},
		"rooms":                         {"partyline", Plan{TCP: 11, WS: 10, WSFormat: JSON, Rooms: 4, Talkers: 8, Window: 2, Messages: 500}},
		"paced":                         {"partyline", Plan{TCP: 10, WS: 10, Talkers: 3, Rate: 1000, Messages: 300}},
		"stuck":                         {"partyline", Plan{TCP: 10, WS: 10, Stuck: 4, Talkers: 5, Window: 4, Messages: 500}},
		"over TLS":                      {"tls", Plan{TCP: 10, TLS: true, WS: 10, WSFormat: JSON, Talkers: 5, Window: 4, Messages: 500}},
		"queues":                        {"queue", Plan{TCP: 11, WS: 10, Rooms: 4, Talkers: 8, Window: 4, Messages: 500}},
		"floor":                         {"floor", Plan{TCP: 20, Talkers: 5, Window: 4, Messages: 500}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rep := runOn(t, c.server, c.plan)
			if err := rep.Err(); err != nil {
				t.Error(err)
			}
			if rep.Messages != c.plan.Messages {
				t.Errorf("%d messages were sent, want %d", rep.Messages, c.plan.Messages)
			}
			if c.plan.Rooms == 0 && rep.Deliveries != c.plan.Messages*int64(c.plan.TCP+c.plan.WS) {
				t.Errorf("%d deliveries of %d messages to %d members", rep.Deliveries, c.plan.Messages, c.plan.TCP+c.plan.WS)
			}
			if rep.Server.CPUSeconds <= 0 || rep.Server.Peak <= 0 || rep.Latency.Max <= 0 {
				t.Errorf("the report is incomplete: %+v", rep)
			}
		})
	}
}

// TestRunFor runs for a time instead of a number of messages.
func TestRunFor(t *testing.T) {
	rep := runOn(t, "partyline", Plan{TCP: 20, Talkers: 5, Window: 4, Warmup: 50 * time.Millisecond, For: 250 * time.Millisecond})
	if err := rep.Err(); err != nil {
		t.Error(err)
	}
	if rep.Seconds < 0.25 || rep.Messages == 0 || len(rep.Series) < 3 {
		t.Errorf("%d messages in %v s, with %d points", rep.Messages, rep.Seconds, len(rep.Series))
	}
}
