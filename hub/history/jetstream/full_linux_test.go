package jetstream

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
	"partyline/hub/wire"
)

// TestFullDisk fills the disk of the NATS server. Messages must be refused, and nothing that was acknowledged may be lost.
// NATS turns JetStream off then, so it is started again when there is space.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	servers := natstest.New(t, 1, "")
	if err := os.MkdirAll(servers.Store(0), 0o700); err != nil {
		t.Fatal(err)
	}
	resize := hubtest.MountDisk(t, servers.Store(0), 8<<20)
	servers.Start(0)
	servers.Await()
	j := start(t, Options{URLs: servers.URLs(), Partitions: 1, Patience: 12 * time.Second, Retention: history.Retention{Messages: 100_000}})
	f := hubtest.Follow(j, "r")
	padding := strings.Repeat("x", 3000)
	acked := 0
	for ; acked < 20_000; acked++ {
		if r := <-say(f, fmt.Sprint(acked, " ", padding), ""); r.Err != nil {
			t.Logf("message %d is refused: %v", acked, r.Err)
			break
		}
	}
	if acked == 20_000 {
		t.Fatal("the disk is not full")
	}
	if f := j.Failure(); f == nil {
		t.Error("there is no failure")
	}
	resize(64 << 20)
	servers.Kill(0)
	servers.Start(0)
	await(t, "messages are said again", func() bool { return (<-say(f, "again", "")).Err == nil })
	page, err := j.Read("r", history.Range{After: f.Last, Limit: 100_000})
	if err != nil || len(page.Messages) < acked+1 {
		t.Fatalf("%d messages of %d, %v", len(page.Messages), acked+1, err)
	}
	for i, m := range page.Messages[:acked] {
		if n, _, _ := strings.Cut(m.Text, " "); n != fmt.Sprint(i) {
			t.Fatalf("message %d is %.10q", i, m.Text)
		}
	}
}

// TestFullDiskOfOne fills the disk of one of three NATS servers, which may lead streams. The others must store what is said, and
// the server must have all of it when it has been started again with more space.
func TestFullDiskOfOne(t *testing.T) {
	cluster(t)
	t.Parallel()
	servers := natstest.New(t, 3, "")
	if err := os.MkdirAll(servers.Store(0), 0o700); err != nil {
		t.Fatal(err)
	}
	resize := hubtest.MountDisk(t, servers.Store(0), 24<<20)
	for i := range 3 {
		servers.Start(i)
	}
	servers.Await()
	o := Options{URLs: servers.URLs(), Partitions: 3, Replicas: 3, Patience: time.Minute, Retention: history.Retention{Messages: 100_000}}
	j := start(t, o)
	padding := strings.Repeat("x", 3000)
	var followers []*hubtest.Follower
	for p := range o.Partitions {
		for n := 0; ; n++ {
			if room := fmt.Sprint("r", n); PartitionOf(room, o.Partitions) == p {
				followers = append(followers, hubtest.Follow(j, room))
				break
			}
		}
	}
	const each = 6_000 // 18 MB in each of three streams
	results := make(chan history.Result, len(followers)*each)
	slots := make(chan struct{}, 256)
	for i := range each {
		for _, f := range followers {
			slots <- struct{}{}
			f.Say(fmt.Sprint(i, " ", padding), "", func(_ *wire.Message, r history.Result) {
				<-slots
				results <- r
			})
		}
	}
	for range len(followers) * each {
		if r := <-results; r.Err != nil {
			t.Fatalf("a message is refused: %v", r.Err)
		}
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(servers.Store(0), &disk); err != nil {
		t.Fatal(err)
	}
	if disk.Bavail*uint64(disk.Bsize) > 1<<20 {
		t.Fatalf("the disk of the first server has %d blocks left", disk.Bavail)
	}
	resize(512 << 20)
	servers.Kill(0)
	servers.Start(0)
	servers.Await()
	await(t, "the first server has everything", func() bool {
		for p := range o.Partitions {
			s, err := j.js.Stream(t.Context(), fmt.Sprintf("%s-%d", j.opt.Stream, p))
			if err != nil {
				return false
			}
			for _, peer := range s.CachedInfo().Cluster.Replicas {
				if !peer.Current {
					return false
				}
			}
		}
		return true
	})
	servers.Kill(1)
	for _, f := range followers {
		var page history.Page
		await(t, "the others can be read", func() (ok bool) {
			var err error
			page, err = j.Read(f.Delivered()[0].Room, history.Range{Limit: 2 * each})
			return err == nil
		})
		if len(page.Messages) != each {
			t.Errorf("%d messages of %d", len(page.Messages), each)
		}
	}
}
