package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
	"partyline/hub/wire"
)

// A result is what happened to a message.
type result struct {
	*wire.Message
	history.Result
}

// say appends a message and returns what happens to it.
func say(f *hubtest.Follower, text, key string) <-chan result {
	done := make(chan result, 1)
	f.Say(text, key, func(m *wire.Message, r history.Result) { done <- result{m, r} })
	return done
}

// mustSay says a message, and waits for it.
func mustSay(t testing.TB, f *hubtest.Follower, text string) result {
	t.Helper()
	r := <-say(f, text, "")
	if r.Err != nil {
		t.Fatalf("%s: %v", text, r.Err)
	}
	return r
}

// TestForeign publishes what no server would. The journal must count and skip it.
func TestForeign(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	o := Options{URLs: servers.URLs(), Stream: newStream(), Partitions: 1, MaxText: 100, Retention: history.Retention{Messages: 100}}
	j := start(t, o)
	f := hubtest.Follow(j, "r")
	js := servers.JetStream()
	publish := func(subject, data string) {
		t.Helper()
		if _, err := js.Publish(t.Context(), o.Stream+".0."+subject, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	foreign := []string{
		"", "x", "[]", "{}", `{"from":"eve"}`, `{"from":"","text":"x"}`, `{"from":"a b","text":"x"}`, `{"from":"eve","text":""}`,
		`{"from":"eve","text":"\u001b[2J"}`, `{"from":"eve","text":"` + strings.Repeat("x", 101) + `"}`, "{\"from\":\"eve\",\"text\":\"\xff\"}",
		`{"from":"eve","via":"a b","text":"x"}`,
	}
	for _, data := range foreign {
		publish("r", data)
	}
	publish("R", `{"from":"eve","text":"x"}`)
	publish("r", `{"from":"eve","text":"from a program","new":"a field of a later version"}`)
	mustSay(t, f, "over")
	got := f.Await(t, 2)
	if len(got) != 2 || got[0].Text != "from a program" || got[1].Text != "over" {
		t.Errorf("delivered: %v", got)
	}
	if n := j.Figures().Foreign; n != int64(len(foreign)+1) {
		t.Errorf("%d messages are foreign, want %d", n, len(foreign)+1)
	}
	late := hubtest.Follow(start(t, o), "r")
	page, err := late.Journal.Read("r", history.Range{After: f.Last, Limit: 100})
	if err != nil || len(page.Messages) != 2 {
		t.Errorf("read: %d messages, %v", len(page.Messages), err)
	}
}

// TestAbsent opens a journal before there is a server.
func TestAbsent(t *testing.T) {
	t.Parallel()
	servers := natstest.New(t, 1, "")
	j, err := Open(Options{URLs: servers.URLs(), Retention: history.Retention{Messages: 10}})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close(t.Context())
	await(t, "there is a failure", func() bool { return j.Failure() != nil })
	if j.Ready() {
		t.Error("it is ready")
	}
	if f := j.Failure(); !errors.Is(f.Err, errNoAnswer) || f.Hint == "" || f.Since.IsZero() {
		t.Errorf("the failure is %+v", f)
	}
	done := make(chan history.Result, 1)
	j.Append(&wire.Message{Room: "r", From: "alice", Text: "x"}, "", func(r history.Result) { done <- r })
	if r := <-done; r.Err == nil || errors.Is(r.Err, history.ErrUnknown) {
		t.Errorf("a message is not refused: %v", r.Err)
	}
	if _, err := j.Read("r", history.Range{Limit: 10}); err == nil {
		t.Error("the history can be read")
	}
	servers.Start(0)
	await(t, "it is ready", j.Ready)
	mustSay(t, hubtest.Follow(j, "r"), "x")
	await(t, "there is no failure", func() bool { return j.Failure() == nil })
}

// TestOutage kills the server while messages are said at two journals, and starts it again. Each message must be said
// once.
func TestOutage(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	o := Options{URLs: servers.URLs(), Partitions: 1, Patience: patience, Retention: history.Retention{Messages: 10_000}}
	followers := []*hubtest.Follower{hubtest.Follow(start(t, o), "r"), hubtest.Follow(start(t, o), "r")}
	const each = 300
	var waiting []<-chan result
	for i := range each {
		if i == each/3 {
			servers.Kill(0)
		}
		for k, f := range followers {
			waiting = append(waiting, say(f, fmt.Sprint(k, " ", i), ""))
		}
	}
	servers.Start(0)
	for _, w := range waiting {
		if r := <-w; r.Err != nil || r.Repeated {
			t.Fatalf("%s: %+v", r.Text, r.Result)
		}
	}
	for _, f := range followers {
		f.Await(t, 2*each)
	}
	seen := make(map[string]bool)
	for _, m := range hubtest.SameOrder(t, followers) {
		if seen[m.Text] {
			t.Errorf("%s was said twice", m.Text)
		}
		seen[m.Text] = true
	}
	if len(seen) != 2*each {
		t.Errorf("%d messages were said, want %d", len(seen), 2*each)
	}
}

// TestEmptied deletes the streams. The journal must create them again, with greater ids, and say so.
func TestEmptied(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	log := &hubtest.Buffer{}
	o := Options{URLs: servers.URLs(), Stream: newStream(), Partitions: 1, Patience: patience, Retention: history.Retention{Messages: 100}, Log: slog.New(slog.NewTextHandler(log, nil))}
	j := start(t, o)
	f := hubtest.Follow(j, "r")
	before := mustSay(t, f, "before")
	if err := servers.JetStream().DeleteStream(t.Context(), o.Stream+"-0"); err != nil {
		t.Fatal(err)
	}
	after := mustSay(t, f, "after")
	if after.ID <= before.ID {
		t.Errorf("id %d comes after %d", after.ID, before.ID)
	}
	if !strings.Contains(log.String(), "created again") {
		t.Errorf("the log says nothing:\n%s", log)
	}
	late := start(t, o)
	page, err := late.Read("r", history.Range{After: before.ID, Limit: 10})
	if err != nil || len(page.Messages) != 1 || len(page.Gaps) != 1 || page.Gaps[0].Missed != -1 {
		t.Errorf("after an id of the deleted stream: %+v, %v", page, err)
	}
}

// TestRolledBack replaces a stream by one that ends earlier. The journal must refuse messages, since they would get ids
// that were given already.
func TestRolledBack(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	o := Options{URLs: servers.URLs(), Stream: newStream(), Partitions: 1, Patience: 12 * time.Second, Retention: history.Retention{Messages: 100}}
	j := start(t, o)
	f := hubtest.Follow(j, "r")
	js := servers.JetStream()
	s, err := js.Stream(t.Context(), o.Stream+"-0")
	if err != nil {
		t.Fatal(err)
	}
	old := s.CachedInfo().Config
	for i := range 10 {
		mustSay(t, f, fmt.Sprint(i))
	}
	if err := js.DeleteStream(t.Context(), o.Stream+"-0"); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), old); err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		t.Fatal(err)
	}
	await(t, "there is a failure", func() bool { return j.Failure() != nil && strings.Contains(j.Failure().Err.Error(), "older state") })
	await(t, "a message is refused", func() bool { return (<-say(f, "x", "")).Err != nil })
}

// TestOtherPartitions opens a journal with another number of partitions.
func TestOtherPartitions(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	o := Options{URLs: servers.URLs(), Stream: newStream(), Partitions: 2, Retention: history.Retention{Messages: 100}}
	start(t, o)
	o.Partitions = 3
	other, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	await(t, "there is a failure", func() bool { return other.Failure() != nil })
	if f := other.Failure(); !strings.Contains(f.Hint, "--nats-partitions 2") || other.Ready() {
		t.Errorf("ready %v, %+v", other.Ready(), f)
	}
}

// TestLostServers kills one of three servers after another while messages are said at three journals. Each message that
// was acknowledged must be delivered once by each journal, in one order. The variable KILLS has the number of rounds.
func TestLostServers(t *testing.T) {
	cluster(t)
	t.Parallel()
	rounds := 1
	if n, err := strconv.Atoi(os.Getenv("KILLS")); err == nil {
		rounds = n
	}
	servers := natstest.Start(t, 3, "")
	o := Options{URLs: servers.URLs(), Partitions: 2, Replicas: 3, Patience: patience, Retention: history.Retention{Messages: 100_000}}
	var followers []*hubtest.Follower
	for range 3 {
		followers = append(followers, hubtest.Follow(start(t, o), "r"))
	}
	ctx, stop := context.WithCancel(t.Context())
	var saying sync.WaitGroup
	var mu sync.Mutex
	acked := make(map[string]int64)
	for k, f := range followers {
		saying.Go(func() {
			slots := make(chan struct{}, 64)
			for i := 0; ctx.Err() == nil; i++ {
				slots <- struct{}{}
				f.Say(fmt.Sprint(k, " ", i), "", func(m *wire.Message, r history.Result) {
					defer func() { <-slots }()
					mu.Lock()
					defer mu.Unlock()
					if r.Err != nil {
						t.Errorf("%s: %v", m.Text, r.Err)
					} else {
						acked[m.Text] = m.ID
					}
				})
			}
			for range cap(slots) {
				slots <- struct{}{}
			}
		})
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acked)
	}
	for round := range rounds {
		for i := range 3 {
			n := count()
			await(t, "messages are said", func() bool { return count() > n+500 })
			servers.Kill(i)
			n = count()
			await(t, fmt.Sprintf("round %d: messages are said without server %d", round, i), func() bool { return count() > n+500 })
			servers.Start(i)
			servers.Await()
		}
	}
	stop()
	saying.Wait()
	for _, f := range followers {
		f.Await(t, len(acked))
	}
	reordered, next := 0, make(map[int]int)
	said := hubtest.SameOrder(t, followers)
	for _, m := range said {
		if acked[m.Text] != m.ID {
			t.Fatalf("%s has id %d, and was acknowledged as %d", m.Text, m.ID, acked[m.Text])
		}
		var k, i int
		fmt.Sscan(m.Text, &k, &i)
		if i < next[k] {
			reordered++
		}
		next[k] = max(next[k], i+1)
	}
	if len(said) != len(acked) {
		t.Errorf("%d messages were delivered, and %d acknowledged", len(said), len(acked))
	}
	t.Logf("%d messages, of which %d came after a later one of their sender", len(said), reordered)
}
