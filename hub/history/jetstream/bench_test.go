package jetstream

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
	"partyline/hub/wire"
)

// benchText is a message of usual length.
const benchText = "a message of usual length, as people write them"

// BenchmarkNodes says messages at three journals, in four rooms, and waits until each journal has delivered all. All of
// them and the NATS servers share the machine.
func BenchmarkNodes(b *testing.B) {
	for _, servers := range []int{1, 3} {
		b.Run(fmt.Sprint(servers, " servers"), func(b *testing.B) {
			o := Options{URLs: natstest.Start(b, servers, "").URLs(), Replicas: servers, Retention: history.Retention{Messages: 1000}}
			const journals, rooms, window = 3, 4, 512
			var delivered sync.WaitGroup
			var all []*Journal
			for range journals {
				j := start(b, o)
				for r := range rooms {
					j.Open(fmt.Sprint("room-", r), func(*wire.Message, bool) { delivered.Done() })
				}
				all = append(all, j)
			}
			delivered.Add(journals * b.N)
			b.ResetTimer()
			var saying sync.WaitGroup
			for k, j := range all {
				saying.Go(func() {
					slots := make(chan struct{}, window)
					for i := k; i < b.N; i += journals {
						slots <- struct{}{}
						m := &wire.Message{Room: fmt.Sprint("room-", i/journals%rooms), From: "alice", Via: "tcp", Text: benchText}
						j.Append(m, "", func(r history.Result) {
							if r.Err != nil {
								b.Error(r.Err)
							}
							<-slots
							delivered.Done()
						})
					}
				})
			}
			saying.Wait()
			delivered.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkOne says one message after the other at one journal, and waits until another one has delivered it.
func BenchmarkOne(b *testing.B) {
	for _, servers := range []int{1, 3} {
		b.Run(fmt.Sprint(servers, " servers"), func(b *testing.B) {
			o := Options{URLs: natstest.Start(b, servers, "").URLs(), Replicas: servers, Retention: history.Retention{Messages: 1000}}
			f := hubtest.Follow(start(b, o), "r")
			heard := make(chan struct{}, 1)
			start(b, o).Open("r", func(*wire.Message, bool) { heard <- struct{}{} })
			var took []time.Duration
			b.ResetTimer()
			for range b.N {
				begin := time.Now()
				f.Say(benchText, "", func(*wire.Message, history.Result) {})
				<-heard
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// BenchmarkStart opens a journal with a million messages in the streams, until it is ready and has read the newest 50 of
// a room.
func BenchmarkStart(b *testing.B) {
	const messages = 1_000_000
	o := Options{URLs: natstest.Start(b, 1, "").URLs(), Retention: history.Retention{Messages: messages}}
	j := start(b, o)
	var said sync.WaitGroup
	slots := make(chan struct{}, 1024)
	for i := range messages {
		slots <- struct{}{}
		said.Add(1)
		j.Append(&wire.Message{Room: fmt.Sprint("room-", i%100), From: "alice", Via: "tcp", Text: benchText}, "", func(r history.Result) {
			if r.Err != nil {
				b.Error(r.Err)
			}
			<-slots
			said.Done()
		})
	}
	said.Wait()
	for b.Loop() {
		late := start(b, o)
		page, err := late.Read("room-7", history.Range{Limit: 50, Newest: true})
		if err != nil || len(page.Messages) != 50 || !page.More {
			b.Fatalf("%d messages, %v", len(page.Messages), err)
		}
	}
}

// BenchmarkMove imports a million messages of 100 rooms, exports them again, and reads pages in their middle.
func BenchmarkMove(b *testing.B) {
	const messages, rooms = 1_000_000, 100
	servers := natstest.Start(b, 1, "")
	for b.Loop() {
		o := Options{URLs: servers.URLs(), Stream: newStream(), Retention: history.Retention{Messages: messages}}
		begin := time.Now()
		i, err := OpenImport(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		for n := range int64(messages) {
			m := &wire.Message{ID: 1 + n/rooms, At: begin, Room: fmt.Sprint("room-", n%rooms), From: "alice", Via: "tcp", Text: benchText}
			if err := i.Add(b.Context(), history.RecordOf(m, "")); err != nil {
				b.Fatal(err)
			}
		}
		if err := errors.Join(i.Finish(b.Context()), i.Close(b.Context())); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(messages/time.Since(begin).Seconds(), "imported/s")

		begin = time.Now()
		exported := 0
		if _, err := Export(b.Context(), o, "", func(*history.Record) error { exported++; return nil }); err != nil || exported != messages+rooms+1 {
			b.Fatalf("%d records, %v", exported, err)
		}
		b.ReportMetric(messages/time.Since(begin).Seconds(), "exported/s")

		j := start(b, o)
		begin = time.Now()
		for room := range int64(rooms) {
			page, err := j.Read(fmt.Sprint("room-", room), history.Range{After: 1 + room*(messages/rooms/rooms), Limit: 50})
			if err != nil || len(page.Messages) != 50 || len(page.Gaps) > 0 {
				b.Fatalf("%d messages, gaps %v, %v", len(page.Messages), page.Gaps, err)
			}
		}
		b.ReportMetric(float64(time.Since(begin).Microseconds())/rooms, "µs/page")
	}
}
