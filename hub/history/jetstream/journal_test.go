package jetstream

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"partyline/hub/history"
	"partyline/hub/history/sqlite"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
	"partyline/hub/wire"
)

// patience bounds the wait for what must happen, since the machine may be busy.
const patience = time.Minute

// streams counts the histories of a test, so that each has a name of its own.
var streams atomic.Int64

// start returns a Journal that is ready, and is closed at the end of the test.
func start(t testing.TB, o Options) *Journal {
	t.Helper()
	j, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		j.Close(ctx)
	})
	await(t, "the journal is ready", j.Ready)
	return j
}

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	timeout := time.After(patience)
	for !holds() {
		select {
		case <-timeout:
			t.Fatalf("not in time: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// newIndex returns an Index in a folder, which is closed at the end of the test.
func newIndex(t testing.TB, dir string, r history.Retention) *sqlite.Journal {
	t.Helper()
	index, err := sqlite.Open(dir, sqlite.Options{Retention: r, Sync: sqlite.SyncNormal, Replica: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { index.Close(context.Background()) })
	return index
}

// cluster skips a test that needs three NATS servers, unless make cluster runs it: they need a quiet machine.
func cluster(t *testing.T) {
	t.Helper()
	if os.Getenv("CLUSTER") == "" {
		t.Skip("CLUSTER is not set: run make cluster")
	}
}

func newStream() string { return fmt.Sprint("test", streams.Add(1)) }

func TestJournal(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprint(n, " servers"), func(t *testing.T) {
			t.Parallel()
			if n > 1 {
				cluster(t)
			}
			servers := natstest.Start(t, n, "")
			hubtest.TestJournal(t, func(r history.Retention) history.Journal {
				return start(t, Options{URLs: servers.URLs(), Replicas: n, Stream: newStream(), Retention: r, Index: newIndex(t, t.TempDir(), r)})
			})
		})
	}
}

func TestShared(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprint(n, " servers"), func(t *testing.T) {
			t.Parallel()
			if n > 1 {
				cluster(t)
			}
			servers := natstest.Start(t, n, "")
			hubtest.TestSharedJournal(t, func(count int) (journals []history.Journal) {
				o := Options{URLs: servers.URLs(), Replicas: n, Stream: newStream(), Retention: history.Retention{Messages: 1000}}
				for range count {
					journals = append(journals, start(t, o))
				}
				return journals
			})
		})
	}
}

// FuzzDecode decodes messages of foreign programs.
func FuzzDecode(f *testing.F) {
	f.Add("lobby", []byte(`{"from":"alice","via":"tcp","text":"hello","action":true,"key":"k"}`))
	f.Add("lobby", []byte(`{"from":"alice","text":"two\nlines","key":"k"}`))
	f.Add("R", []byte(`{"from":"a b","text":"\u001b[2J"}`))
	f.Add("", []byte("\xff"))
	f.Fuzz(func(t *testing.T, room string, data []byte) {
		if p, ok := parsePayload(string(data)); ok && utf8.Valid(data) {
			var want payload
			if err := json.Unmarshal(data, &want); err != nil || p != want {
				t.Fatalf("%s is %+v, want %+v, %v", data, p, want, err)
			}
		}
		m, key, err := decode(room, data)
		if err != nil {
			return
		}
		if err := m.Check(); err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		again, sameKey, err := decode(m.Room, encode(m, key))
		if err != nil || *again != *m || sameKey != key {
			t.Fatalf("%+v is encoded as %s, and decoded as %+v, %v", m, encode(m, key), again, err)
		}
	})
}

// TestAwait opens a room at two servers, between messages in another room of the same stream. The one that opened it first
// has the other one's newest id too.
func TestAwait(t *testing.T) {
	t.Parallel()
	o := Options{URLs: natstest.Start(t, 1, "").URLs(), Stream: newStream(), Partitions: 1, Retention: history.Retention{Messages: 10}}
	a, b := start(t, o), start(t, o)
	first := a.Open("quiet", nil)
	busy := hubtest.Follow(b, "busy")
	busy.Say("hello", "", func(*wire.Message, history.Result) {})
	said := busy.Await(t, 1)[0].ID
	last := b.Open("quiet", nil)
	if first >= said || last != said {
		t.Errorf("the newest ids are %d and %d, and that of the message %d", first, last, said)
	}
	for id, want := range map[int64]bool{first: true, last: true, last + 1: false, 1 << 50: false} {
		if reached, err := a.Await("quiet", id); reached != want || err != nil {
			t.Errorf("%d: %v, %v", id, reached, err)
		}
	}
}
