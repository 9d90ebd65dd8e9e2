package jetstream

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"partyline/hub/history"
	"partyline/hub/hubtest/natstest"
	"partyline/hub/wire"
)

// These benchmarks measure the costs that cmd/partyline/internal/scale reckons with.

// A countingDialer counts the bytes that arrive.
type countingDialer struct{ in atomic.Int64 }

type countingConn struct {
	net.Conn
	in *atomic.Int64
}

func (d *countingDialer) Dial(network, address string) (net.Conn, error) {
	c, err := net.Dial(network, address)
	return countingConn{c, &d.in}, err
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.Add(int64(n))
	return n, err
}

// BenchmarkFollow says bursts of messages, 1,000 bursts a second, at one journal, while others follow whose servers have no
// member in the room. The differences between the rows are the costs of a follower: of a wake-up, and of a message.
func BenchmarkFollow(b *testing.B) {
	for _, c := range []struct{ servers, followers, burst int }{{1, 0, 1}, {1, 8, 1}, {1, 0, 10}, {1, 8, 10}, {3, 0, 1}, {3, 0, 10}} {
		b.Run(fmt.Sprint(c.servers, " servers, ", c.followers, " followers, bursts of ", c.burst), func(b *testing.B) {
			servers := natstest.Start(b, c.servers, "")
			var dialer countingDialer
			o := Options{
				URLs: servers.URLs(), Replicas: c.servers, Partitions: 1, dialer: &dialer,
				Retention: history.Retention{Messages: 1000},
			}
			var heard sync.WaitGroup
			for range c.followers {
				start(b, o).Open("end", func(*wire.Message, bool) { heard.Done() })
			}
			o.dialer = nil
			j := start(b, o)
			say := func(room string) {
				m := &wire.Message{Room: room, From: "alice", Via: "tcp", Text: benchText}
				j.Append(m, "", func(r history.Result) {
					if r.Err != nil {
						b.Error(r.Err)
					}
					heard.Done()
				})
			}
			in, own, theirs := dialer.in.Load(), servers.OwnCPU(), servers.CPU()
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			b.ResetTimer()
			for i := range b.N {
				if i%c.burst == 0 {
					<-tick.C
				}
				heard.Add(1)
				say("room")
			}
			heard.Add(1 + c.followers)
			say("end")
			heard.Wait()
			n := float64(b.N + 1)
			b.ReportMetric(float64((servers.OwnCPU()-own).Nanoseconds())/1000/n, "CPU-µs/message")
			b.ReportMetric(float64((servers.CPU()-theirs).Nanoseconds())/1000/n, "NATS-µs/message")
			if c.followers > 0 {
				b.ReportMetric(float64(dialer.in.Load()-in)/n/float64(c.followers), "in-bytes/message")
			}
		})
	}
}

// BenchmarkCatchUp consumes a stream as fast as possible, on a server that has no member in the room, and on one that has.
func BenchmarkCatchUp(b *testing.B) {
	for _, here := range []bool{false, true} {
		b.Run(fmt.Sprint("here ", here), func(b *testing.B) {
			servers := natstest.Start(b, 1, "")
			o := Options{URLs: servers.URLs(), Partitions: 1, Retention: history.Retention{Messages: 1000}}
			speaker, late := start(b, o), start(b, o)
			p := late.partitions[0]
			before := p.newest()
			slots := make(chan struct{}, 1024)
			for i := range b.N {
				slots <- struct{}{}
				room := "room"
				if i == b.N-1 {
					room = "end"
				}
				speaker.Append(&wire.Message{Room: room, From: "alice", Via: "tcp", Text: benchText}, "", func(history.Result) { <-slots })
			}
			speaker.Close(context.Background())
			await(b, "the other journal has all", func() bool { return p.newest() == before+int64(b.N) })
			done := make(chan struct{})
			late.Open("end", func(*wire.Message, bool) { close(done) })
			if here {
				late.Open("room", func(*wire.Message, bool) {})
			}
			own, theirs := servers.OwnCPU(), servers.CPU()
			b.ResetTimer()
			p.mu.Lock()
			p.position = before
			p.mu.Unlock()
			late.connected(late.nc) // the next consumer starts after the position
			<-done
			b.ReportMetric(float64((servers.OwnCPU()-own).Nanoseconds())/1000/float64(b.N), "CPU-µs/message")
			b.ReportMetric(float64((servers.CPU()-theirs).Nanoseconds())/1000/float64(b.N), "NATS-µs/message")
		})
	}
}

// BenchmarkStore publishes messages to one stream, as fast as it acknowledges them, with and without a Nats-Msg-Id. The
// difference in memory is what NATS needs to remember an id.
func BenchmarkStore(b *testing.B) {
	for _, c := range []struct {
		servers int
		ids     bool
	}{{1, true}, {1, false}, {3, true}} {
		b.Run(fmt.Sprint(c.servers, " servers, ids ", c.ids), func(b *testing.B) {
			servers := natstest.Start(b, c.servers, "")
			j := start(b, Options{URLs: servers.URLs(), Replicas: c.servers, Partitions: 1, Retention: history.Retention{Messages: 1000}})
			p := j.partitions[0]
			data := encode(&wire.Message{Room: "room", From: "alice", Via: "tcp", Text: benchText}, "")
			nc, err := nats.Connect(servers.URLs()[0])
			if err != nil {
				b.Fatal(err)
			}
			defer nc.Close()
			inbox := nats.NewInbox()
			slots := make(chan struct{}, 1024)
			if _, err := nc.Subscribe(inbox, func(*nats.Msg) { <-slots }); err != nil {
				b.Fatal(err)
			}
			j.stop() // no consumer takes part
			j.running.Wait()
			theirs, resident, written := servers.CPU(), servers.Resident(), servers.Written()
			b.ResetTimer()
			for i := range b.N {
				slots <- struct{}{}
				origin := fmt.Sprint("qWeRtYuIoPaSdFgHjKlZxC-0-", i)
				m := &nats.Msg{Subject: p.subject("room"), Reply: inbox, Header: header(origin, origin), Data: data}
				if !c.ids {
					m.Header.Del(nats.MsgIdHdr)
				}
				if err := nc.PublishMsg(m); err != nil {
					b.Fatal(err)
				}
			}
			for range cap(slots) {
				slots <- struct{}{}
			}
			b.StopTimer()
			n := float64(b.N)
			b.ReportMetric(n/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64((servers.CPU()-theirs).Nanoseconds())/1000/n, "NATS-µs/message")
			b.ReportMetric(float64(servers.Resident()-resident)/n, "NATS-bytes/message")
			b.ReportMetric(float64(servers.Written()-written)/n, "written-bytes/message")
			s, err := j.js.Stream(b.Context(), p.stream)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(s.CachedInfo().State.Bytes)/float64(s.CachedInfo().State.Msgs), "stored-bytes/message")
		})
	}
}

// BenchmarkRecent receives messages of rooms with members, which keeps the newest ones of each in memory.
func BenchmarkRecent(b *testing.B) {
	rooms := make([]*room, b.N/maxRecent+1)
	for i := range rooms {
		rooms[i] = newRoom(maxRecent, 0)
	}
	data := encode(&wire.Message{Room: "room-12345", From: "guest-123456", Via: "tcp", Text: benchText}, "")
	before := heap()
	b.ResetTimer()
	for i := range b.N {
		m, _, err := decode(strings.Clone("room-12345"), data)
		if err != nil {
			b.Fatal(err)
		}
		rooms[i/maxRecent].add(m)
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/float64(b.N), "heap-bytes/message")
	runtime.KeepAlive(rooms)
}

// heap returns the bytes of the heap that are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
