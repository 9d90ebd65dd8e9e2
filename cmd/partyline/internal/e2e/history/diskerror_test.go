//go:build linux

package history

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// breakDisk makes strace inject a fault into each sync of a running program until heal is
// called.
func breakDisk(t *testing.T, p *harness.Program, fault string) (heal func()) {
	t.Helper()
	strace := harness.Start(t, needStrace(t), "-f", "-o", "/dev/null", "-p", fmt.Sprint(p.Cmd.Process.Pid),
		"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:"+fault)
	harness.ExpectLine(t, strace.Err, `.*strace: Process \d+ attached.*`)
	return func() {
		t.Helper()
		strace.Signal(t, syscall.SIGINT)
		strace.ExitCode(t, harness.Patience)
	}
}

// TestDiskError makes the disk fail while clients send messages. Each message is refused with a
// reason and delivered to no client. Everything else works, and messages are accepted again when
// the disk recovers.
func TestDiskError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, pair := startWithMessages(t, dir, 5)
	heal := breakDisk(t, p, "error=EIO")
	for start := time.Now(); time.Since(start) < 2*time.Second; { // repeat, so that the error lasts
		if pair.sayNext(t) {
			t.Fatalf("%q is acknowledged while the disk fails", pair.acked[len(pair.acked)-1].Text)
		}
	}
	pair.checkOthersWork(t, p)
	heal()
	pair.awaitRecovery(t)
	if text := pair.refused[0].Text; !pair.say(t, text) {
		t.Errorf("%q is refused after the disk recovered", text)
	}
	pair.checkLog(t, p, dir)
	checkDiskLog(t, p, 1)
}

// TestRefusedAndKilled kills the program right after it refused a message that was written but
// not synced. After a restart the history does not contain the message.
func TestRefusedAndKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, pair := startWithMessages(t, dir, 5)
	breakDisk(t, p, "error=EIO")
	if pair.sayNext(t) {
		t.Fatal("a message is acknowledged while the disk fails")
	}
	p.Kill(t)
	p = harness.StartProgram(t, "--data", dir)
	p.Stop(t)
	if got := onDisk(t, dir, "lobby"); !slices.Equal(got, pair.acked) {
		t.Errorf("history has %v, want the acknowledged messages %v", got, pair.acked)
	}
}

// TestDiskErrorLive makes the disk fail with --on-disk-error=live. All clients receive all
// messages in one order, marked while they are not stored. The history reports the messages that
// are not stored as a gap.
func TestDiskErrorLive(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	dir := t.TempDir()
	p := harness.StartProgram(t, "--data", dir, "--rate", "0", "--on-disk-error", "live")
	listener := harness.DialBot(t, "ws://"+p.HTTP+"/ws")
	listener.ExpectType(t, "welcome")
	clients := []*harness.TextClient{harness.DialText(t, p.TCP), harness.DialText(t, p.TCP)}
	for _, c := range clients {
		harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	}
	said := 0
	say := func() (e harness.Event) { // and wait until all clients have received it
		t.Helper()
		said++
		text := fmt.Sprint("message ", said)
		clients[said%2].Say(t, text)
		for _, c := range clients {
			harness.ExpectLine(t, c.Out, `\S+: `+text)
		}
		return listener.Expect(t, text, func(e harness.Event) bool { return e.Text == text })
	}
	isStored := func(e harness.Event) bool { return e.Stored == nil }
	first := say()
	if !isStored(first) {
		t.Errorf("before the disk fails, the listener receives %+v", first)
	}

	heal := breakDisk(t, p, "error=EIO")
	var unstored []harness.Event
	for range 40 {
		e := say()
		if isStored(e) || *e.Stored {
			t.Fatalf("while the disk fails, the listener receives %+v", e)
		}
		unstored = append(unstored, e)
	}
	heal()
	healed := time.Now()
	last := say()
	for ; !isStored(last); last = say() {
		unstored = append(unstored, last)
		if time.Since(healed) > recovery {
			t.Fatalf("no message is stored %v after the disk recovered", recovery)
		}
		time.Sleep(time.Millisecond) // between two messages
	}
	checkNotices(t, listener)

	received := listener.Messages()
	for i, m := range received {
		if want := fmt.Sprint("message ", i+1); m.Text != want || i > 0 && m.ID <= received[i-1].ID {
			t.Fatalf("message %d of %d is %+v", i, said, m)
		}
	}
	listener.Request(t, map[string]any{"type": "since", "id": first.ID, "ref": "since"})
	gap := listener.ExpectType(t, "gap")
	if gap.After != first.ID || gap.Before != last.ID || gap.Missed != int64(len(unstored)) || !gap.Lost {
		t.Errorf("%d messages between %d and %d are not stored; got the gap %+v", len(unstored), first.ID, last.ID, gap)
	}
	p.Stop(t)
	if got, want := onDisk(t, dir, "lobby"), []harness.Message{{ID: first.ID, Text: first.Text}, {ID: last.ID, Text: last.Text}}; !slices.Equal(got, want) {
		t.Errorf("history has %v, want %v", got, want)
	}
	checkDiskLog(t, p, 1)
}

// checkNotices checks that a notice comes right before the first message that is not stored,
// and another right before the next stored message.
func checkNotices(t *testing.T, b *harness.Bot) {
	t.Helper()
	var notices []string
	stored := true
	for _, e := range b.Out.All() {
		switch {
		case e.Type == "notice":
			stored = e.Code == "stored"
			notices = append(notices, e.Code)
		case e.Type == "message" && (e.Stored == nil) != stored:
			t.Errorf("after the notices %v the listener receives %+v", notices, e)
			return
		}
	}
	if !slices.Equal(notices, []string{"unstored", "stored"}) {
		t.Errorf("got the notices %v", notices)
	}
}

// TestDiskSlow makes each sync take half a second while thirty clients send messages. Messages
// that are sent at the same time share a sync.
func TestDiskSlow(t *testing.T) {
	harness.SkipIfShort(t)
	const clients, syncTime = 30, 500 * time.Millisecond
	dir := t.TempDir()
	p := harness.StartProgram(t, "--data", dir, "--rate", "0")
	bots := make([]*harness.Bot, clients)
	for i := range bots {
		if i%2 == 0 {
			bots[i] = harness.DialTCPBot(t, p.TCP)
		} else {
			bots[i] = harness.DialBot(t, "ws://"+p.HTTP+"/ws")
		}
		bots[i].ExpectType(t, "welcome")
	}
	heal := breakDisk(t, p, fmt.Sprintf("delay_exit=%d", syncTime.Microseconds()))
	start := time.Now()
	acked := make([]harness.Message, clients)
	var wg sync.WaitGroup
	for i, b := range bots {
		text := fmt.Sprint("message ", i)
		b.Request(t, map[string]any{"type": "say", "text": text, "key": text})
		wg.Go(func() {
			e, err := b.Out.Await(func(e harness.Event) bool { return e.Key == text })
			if err != nil || e.Type != "ack" {
				t.Errorf("%q: got %+v, %v", text, e, err)
			}
			acked[i] = harness.Message{ID: e.ID, Text: text}
		})
	}
	wg.Wait()
	took := time.Since(start)
	if took < syncTime || took > 10*syncTime {
		t.Errorf("with syncs of %v, %d clients received their acks after %v", syncTime, clients, took)
	}
	t.Logf("with syncs of %v, %d clients received their acks after %v", syncTime, clients, took)
	heal()
	p.Stop(t)
	slices.SortFunc(acked, func(a, b harness.Message) int { return cmp.Compare(a.ID, b.ID) })
	if got := onDisk(t, dir, "lobby"); !slices.Equal(got, acked) {
		t.Errorf("history has %v, want the acknowledged messages %v", got, acked)
	}
}
