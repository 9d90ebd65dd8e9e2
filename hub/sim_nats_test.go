package hub

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/hub/directory/natsdir"
	"partyline/hub/history"
	"partyline/hub/history/jetstream"
	"partyline/hub/hubtest/natstest"
	"partyline/hub/wire"
)

// natsPatience bounds the wait for what the members of a simulation over NATS are to receive.
const natsPatience = 20 * time.Second

// TestSimulationOverNATS runs a simulation of three hubs with a NATS server, in real time.
func TestSimulationOverNATS(t *testing.T) {
	if os.Getenv("CLUSTER") == "" {
		t.Skip("CLUSTER is not set: run make cluster")
	}
	seed := cmp.Or(*simSeed, uint64(time.Now().UnixNano())%1e12)
	s := &simulation{
		seed: seed, random: rand.New(rand.NewPCG(seed, 0)), speed: 20,
		said: make(map[string]string), keys: make(map[string]string), streams: make(map[*stream]bool),
	}
	s.journal = newSimJournal(0, s.intN)
	s.settle = func() {
		for deadline := time.Now().Add(natsPatience); ; time.Sleep(100 * time.Millisecond) {
			s.errors = nil
			if s.check(); len(s.errors) == 0 || time.Now().After(deadline) {
				return
			}
		}
	}
	servers := natstest.Start(t, 1, "")
	for range 3 {
		s.hubs = append(s.hubs, New(s.natsOptions(t, servers.URLs())))
	}
	s.run(20, 25)
	total := 0
	for _, order := range s.journal.order {
		total += len(order)
	}
	t.Logf("-sim.seed %d: %d connections, %d messages", seed, len(s.members), total)
	if len(s.errors) > 0 {
		t.Errorf("-sim.seed %d:\n%s", seed, strings.Join(s.errors, "\n"))
	}
}

// natsOptions returns the options of a hub that shares its rooms over NATS.
func (s *simulation) natsOptions(t *testing.T, urls []string) Options {
	j, err := jetstream.Open(jetstream.Options{URLs: urls, Stream: "test", Partitions: 2, Retention: history.Retention{Messages: 100_000}})
	if err != nil {
		t.Fatal(err)
	}
	conn, js := j.Conn()
	d := natsdir.New(natsdir.Options{Conn: conn, Stream: js, Name: "test", Replicas: 1, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		d.Close()
		ctx, cancel := context.WithTimeout(context.Background(), natsPatience)
		defer cancel()
		j.Close(ctx)
	})
	for deadline := time.Now().Add(natsPatience); !j.Ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the journal is not ready")
		}
	}
	return Options{Journal: &simRecorder{j, s}, Directory: d, Window: 32 << 10, Replay: 5, PingInterval: time.Second, HangUpTimeout: time.Second}
}

// A simRecorder notes what a journal of a simulation delivers.
type simRecorder struct {
	*jetstream.Journal
	sim *simulation
}

func (r *simRecorder) Append(m *wire.Message, key string, commit func(history.Result)) {
	r.Journal.Append(m, key, func(result history.Result) {
		if result.Err == nil && !result.Repeated {
			r.sim.record(m)
		}
		commit(result)
	})
}

func (r *simRecorder) Open(room string, hear history.Hear) int64 {
	return r.Journal.Open(room, func(m *wire.Message, more bool) {
		r.sim.record(m)
		hear(m, more)
	})
}

// record notes a message, which each hub delivers.
func (s *simulation) record(m *wire.Message) {
	j := s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	order := j.order[m.Room]
	i, found := slices.BinarySearchFunc(order, m.ID, func(m *wire.Message, id int64) int { return cmp.Compare(m.ID, id) })
	switch {
	case !found:
		j.order[m.Room] = slices.Insert(order, i, m)
	case order[i].Text != m.Text || order[i].From != m.From:
		s.errorf("id %d is that of %s and of %s", m.ID, fmt.Sprintf("%.20q", order[i].Text), fmt.Sprintf("%.20q", m.Text))
	}
}
