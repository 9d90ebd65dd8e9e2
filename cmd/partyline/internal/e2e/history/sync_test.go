//go:build linux

package history

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestSyncBeforeAck traces the system calls. Each message is synced before it is sent to any
// client or acknowledged.
func TestSyncBeforeAck(t *testing.T) {
	const single, burst = 30, 60
	p, calls := startTraced(t, "--data", t.TempDir(), "--rate", "0")
	texts := sayTraced(t, p, single, burst)
	all := calls()
	for _, text := range texts {
		if err := checkSafe(all, text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	t.Logf("%d syncs for %d messages one by one and a burst of %d", countSyncs(all, texts[0]), single, burst)
}

// TestNoSyncBeforeAck traces the system calls with --sync normal. Each message is written to the
// write-ahead log before it is sent to any client, but most are not synced by then.
func TestNoSyncBeforeAck(t *testing.T) {
	harness.SkipIfShort(t)
	const single = 30
	p, calls := startTraced(t, "--data", t.TempDir(), "--rate", "0", "--sync", "normal")
	texts := sayTraced(t, p, single, 0)
	all := calls()
	unsafe := 0
	for _, text := range texts {
		switch err := checkSafe(all, text); {
		case errors.Is(err, errUnsafe):
			unsafe++
		case err != nil:
			t.Errorf("%q: %v", text, err)
		}
	}
	if unsafe < single/2 {
		t.Errorf("%d messages of %d are sent before a sync", unsafe, single)
	}
	if n := countSyncs(all, texts[0]); n >= single/2 {
		t.Errorf("%d syncs for %d messages", n, single)
	}
}

// sayTraced sends messages one by one and then a burst. It returns their texts, which are also
// their keys.
func sayTraced(t *testing.T, p *harness.Program, single, burst int) (texts []string) {
	t.Helper()
	tcp, ws := harness.DialTCPBot(t, p.TCP), harness.DialBot(t, "ws://"+p.HTTP+"/ws")
	tcp.ExpectType(t, "welcome")
	ws.ExpectType(t, "welcome")
	for n := range single + burst {
		texts = append(texts, fmt.Sprintf("@m%04d.", n))
	}
	for n, text := range texts[:single] {
		b := []*harness.Bot{tcp, ws}[n%2]
		if e := b.Say(t, text, text); e.Type != "ack" {
			t.Fatalf("%q: got %+v", text, e)
		}
	}
	for n, text := range texts[single:] {
		[]*harness.Bot{tcp, ws}[n%2].Request(t, map[string]any{"type": "say", "text": text, "key": text})
	}
	for n, text := range texts[single:] {
		[]*harness.Bot{tcp, ws}[n%2].Expect(t, "the ack", func(e harness.Event) bool { return e.Type == "ack" && e.Key == text })
	}
	for _, b := range []*harness.Bot{tcp, ws} { // the messages are delivered, too
		if !harness.Eventually(func() bool { return len(b.Messages()) == len(texts) }) {
			t.Fatalf("%d of %d messages are received", len(b.Messages()), len(texts))
		}
	}
	return texts
}

// checkSafe checks that a message was written to the write-ahead log and synced before it was
// sent to any client.
func checkSafe(calls []systemCall, text string) error {
	written := first(calls, func(c systemCall) bool { return c.toLog() && strings.Contains(c.args, text) })
	if written == nil {
		return errors.New("it was never written to the write-ahead log")
	}
	synced := first(calls, func(c systemCall) bool {
		return c.isSync() && c.toLog() && c.start > written.end && c.end > 0 && c.result == "0"
	})
	sent := first(calls, func(c systemCall) bool { return c.toSocket() && strings.Contains(c.args, text) })
	switch {
	case sent == nil:
		return errors.New("it was sent to no client")
	case sent.start < written.end:
		return errors.New("it was sent before it was written to the write-ahead log")
	case synced == nil || sent.start < synced.end:
		return errUnsafe
	}
	return nil
}

var errUnsafe = errors.New("it was sent before the write-ahead log was synced")

func first(calls []systemCall, match func(systemCall) bool) *systemCall {
	if i := slices.IndexFunc(calls, match); i >= 0 {
		return &calls[i]
	}
	return nil
}

// countSyncs returns the number of syncs of the write-ahead log after a text was written.
func countSyncs(calls []systemCall, text string) (n int) {
	written := false
	for _, c := range calls {
		switch {
		case !c.toLog():
		case strings.Contains(c.args, text):
			written = true
		case written && c.isSync():
			n++
		}
	}
	return n
}
