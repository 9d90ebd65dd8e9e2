package natsdir

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"partyline/hub"
	"partyline/hub/directory"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
)

// These benchmarks measure the costs that cmd/partyline/internal/scale reckons with.

// A passive Directory does not start: the benchmark calls what its goroutines would.
type passive struct{ *Directory }

func (d passive) Start(h directory.Hub) { d.hub = h }

// BenchmarkChanges makes a hub note joins on another server, in rooms of 100. If members are here, all join their room. The
// bytes are those of a change as it is published, and of a member in memory.
func BenchmarkChanges(b *testing.B) {
	for _, c := range []struct{ changes, here int }{{1, 0}, {maxChanges, 0}, {1, 4000}} {
		b.Run(fmt.Sprint(c.changes, " a message, ", c.here, " members here"), func(b *testing.B) {
			servers := natstest.Start(b, 1, "")
			d, _ := start(b, servers)
			to := New(d.opt)
			h := hub.New(hub.Options{Directory: passive{to}, Rate: -1})
			ctx, stop := context.WithCancel(b.Context())
			var serving sync.WaitGroup
			for range c.here {
				serving.Go(func() { h.Serve(ctx, &hub.Caller{Via: "tcp", Codecs: hubtest.Codecs()}, hubtest.NewConn()) })
			}
			defer serving.Wait()
			defer stop()
			await(b, "the members have joined", func() bool { return len(to.hub.Members()) == c.here })

			messages := encoded(b, d.id, b.N, c.changes, c.here > 0)
			meet(to, d.id)
			before, size := heap(), 0
			own := servers.OwnCPU()
			b.ResetTimer()
			for i, data := range messages {
				to.note(ctx, &nats.Msg{Data: data})
				size += len(data)
				messages[i] = nil
			}
			b.StopTimer()
			n := float64(b.N)
			b.ReportMetric(float64((servers.OwnCPU()-own).Nanoseconds())/1000/n, "CPU-µs/change")
			b.ReportMetric(float64(size)/n, "bytes/change")
			if c.here == 0 {
				b.ReportMetric(float64(heap()-before+int64(size))/n, "heap-bytes/member")
			}
			runtime.KeepAlive(h)
		})
	}
}

// encoded returns messages with n joins, at most size in each.
func encoded(b *testing.B, server string, n, size int, lobby bool) (messages [][]byte) {
	for i := 0; i < n; {
		m := message{Server: server}
		for range min(size, n-i) {
			room := "lobby"
			if !lobby {
				room = fmt.Sprint("room-", i/100)
			}
			m.Changes = append(m.Changes, directory.Change{Kind: directory.Joined, Member: directory.Member{
				Room: room, ID: fmt.Sprintf("%026d", i), Nick: fmt.Sprintf("guest-%06d", i), Via: "tcp",
			}})
			i++
		}
		m.Number = uint64(i)
		data, err := json.Marshal(&m)
		if err != nil {
			b.Fatal(err)
		}
		messages = append(messages, data)
	}
	return messages
}

// heap returns the bytes of the heap that are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkClaim takes names that are new, 64 at a time, and then resumes their identities at another server.
func BenchmarkClaim(b *testing.B) {
	for _, count := range []int{1, 3} {
		for _, resumed := range []bool{false, true} {
			b.Run(fmt.Sprint(count, " servers, resumed ", resumed), func(b *testing.B) {
				servers := natstest.Start(b, count, "")
				var directories [2]*Directory
				for i := range directories {
					d, _ := start(b, servers)
					d.opt.Replicas = count
					directories[i] = d
				}
				claim := func(d *Directory, proof bool) {
					var next atomic.Int64
					var claiming sync.WaitGroup
					for range 64 {
						claiming.Go(func() {
							for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
								token := fmt.Sprintf("%026d", i)
								c := directory.Claim{ID: "id-" + token, Skeletons: []string{fmt.Sprint("guest-", i)}, Token: token}
								if proof {
									c.Proof = token
								}
								if a, err := d.Claim(c); err != nil || !a.OK || a.Resumed != proof {
									b.Errorf("%+v, %v", a, err)
									return
								}
							}
						})
					}
					claiming.Wait()
				}
				if resumed {
					claim(directories[0], false)
				}
				own, theirs, resident := servers.OwnCPU(), servers.CPU(), servers.Resident()
				b.ResetTimer()
				claim(directories[1], resumed)
				b.StopTimer()
				n := float64(b.N)
				b.ReportMetric(n/b.Elapsed().Seconds(), "claims/s")
				b.ReportMetric(float64((servers.OwnCPU()-own).Nanoseconds())/1000/n, "CPU-µs/claim")
				b.ReportMetric(float64((servers.CPU()-theirs).Nanoseconds())/1000/n, "NATS-µs/claim")
				if !resumed {
					b.ReportMetric(float64(servers.Resident()-resident)/n, "NATS-bytes/claim")
				}
			})
		}
	}
}

// A crowd is a hub with many members.
type crowd struct {
	fakeHub
	lists atomic.Int64 // calls of Members
}

func (h *crowd) Members() []directory.Member {
	h.lists.Add(1)
	return h.own
}

// BenchmarkList starts a server beside one with b.N members, until it has the list of them. It fails if
// there are so many that the list is never complete.
func BenchmarkList(b *testing.B) {
	servers := natstest.Start(b, 1, "")
	d, _ := start(b, servers)
	h := &crowd{}
	for i := range b.N {
		h.own = append(h.own, directory.Member{Room: fmt.Sprint("room-", i/100), ID: fmt.Sprintf("%026d", i), Nick: fmt.Sprintf("guest-%06d", i), Via: "tcp"})
	}
	from := New(d.opt)
	from.Start(h)
	b.Cleanup(from.Close)
	b.ResetTimer()
	_, hub := start(b, servers)
	await(b, "the list is complete", func() bool { return len(hub.nicks()) > 0 })
	b.ReportMetric(float64(h.lists.Load()), "lists")
}
