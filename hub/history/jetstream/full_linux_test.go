package jetstream

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
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
