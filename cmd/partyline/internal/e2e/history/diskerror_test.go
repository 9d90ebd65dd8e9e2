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

// breakDisk has each sync of a running program go as strace is told, until heal is called.
func breakDisk(t *testing.T, p *harness.Program, how string) (heal func()) {
	t.Helper()
	strace := harness.Start(t, needStrace(t), "-f", "-o", "/dev/null", "-p", fmt.Sprint(p.Cmd.Process.Pid),
		"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:"+how)
	harness.ExpectLine(t, strace.Err, `.*strace: Process \d+ attached.*`)
	return func() {
		t.Helper()
		strace.Signal(t, syscall.SIGINT)
		strace.ExitCode(t, harness.Patience)
	}
}

// TestDiskError has the disk fail while there is talk: every message is refused in words
// and delivered to no client, all else goes on, and when the disk is well again so does talk.
func TestDiskError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, d := talkOn(t, dir, 5)
	heal := breakDisk(t, p, "error=EIO")
	for began := time.Now(); time.Since(began) < 2*time.Second; { // it is tried again and again
		if d.say(t) {
			t.Fatalf("%q is acknowledged, and the disk fails", d.acked[len(d.acked)-1].Text)
		}
	}
	d.checkLife(t, p)
	heal()
	d.recover(t)
	if text := d.refused[0].Text; !d.again(t, text) {
		t.Errorf("%q, said again, is refused again", text)
	}
	d.checkLog(t, p, dir)
	checkTrouble(t, p, 1)
}

// TestRefusedAndKilled kills the program right after it refused a message that the disk
// had but did not confirm: history does not have it then either.
func TestRefusedAndKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, d := talkOn(t, dir, 5)
	breakDisk(t, p, "error=EIO")
	if d.say(t) {
		t.Fatal("a message is acknowledged, and the disk fails")
	}
	p.Kill(t)
	p = harness.StartProgram(t, "--data", dir)
	p.End(t)
	if got := onDisk(t, dir, "lobby"); !slices.Equal(got, d.acked) {
		t.Errorf("history has %v, not what was acknowledged: %v", got, d.acked)
	}
}

// TestDiskErrorLive has the disk fail with --on-disk-error=live: who talks notices nothing
// of it, everything is heard by all in one order, and marked; what is not stored is missing
// in history, and known to be.
func TestDiskErrorLive(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	dir := t.TempDir()
	p := harness.StartProgram(t, "--data", dir, "--rate", "0", "--on-disk-error", "live")
	listener := harness.DialBot(t, "ws://"+p.HTTP+"/ws")
	listener.ExpectType(t, "welcome")
	talkers := []*harness.TextClient{harness.DialText(t, p.TCP), harness.DialText(t, p.TCP)}
	for _, c := range talkers {
		harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	}
	said := 0
	say := func() (e harness.Event) { // and await that all have heard it
		t.Helper()
		said++
		text := fmt.Sprint("message ", said)
		talkers[said%2].Say(t, text)
		for _, c := range talkers {
			harness.ExpectLine(t, c.Out, `\S+: `+text)
		}
		return listener.Expect(t, text, func(e harness.Event) bool { return e.Text == text })
	}
	isStored := func(e harness.Event) bool { return e.Stored == nil }
	first := say()
	if !isStored(first) {
		t.Errorf("with a disk that is well, it hears %+v", first)
	}

	heal := breakDisk(t, p, "error=EIO")
	var unstored []harness.Event
	for range 40 {
		e := say()
		if isStored(e) || *e.Stored {
			t.Fatalf("while the disk fails, it hears %+v", e)
		}
		unstored = append(unstored, e)
	}
	heal()
	healed := time.Now()
	last := say()
	for ; !isStored(last); last = say() {
		unstored = append(unstored, last)
		if time.Since(healed) > recovery {
			t.Fatalf("%v after the trouble nothing is stored", recovery)
		}
		time.Sleep(time.Millisecond) // the pace of the talk
	}
	checkNotices(t, listener)

	ids := listener.Messages()
	for i, h := range ids {
		if want := fmt.Sprint("message ", i+1); h.Text != want || i > 0 && h.ID <= ids[i-1].ID {
			t.Fatalf("in place %d of %d it hears %+v", i, said, h)
		}
	}
	listener.Request(t, map[string]any{"type": "since", "id": first.ID, "ref": "since"})
	gap := listener.ExpectType(t, "gap")
	if gap.After != first.ID || gap.Before != last.ID || gap.Missed != int64(len(unstored)) || !gap.Lost {
		t.Errorf("%d messages between %d and %d are not stored; it tells of %+v", len(unstored), first.ID, last.ID, gap)
	}
	p.End(t)
	if got, want := onDisk(t, dir, "lobby"), []harness.Message{{ID: first.ID, Text: first.Text}, {ID: last.ID, Text: last.Text}}; !slices.Equal(got, want) {
		t.Errorf("history has %v, not %v", got, want)
	}
	checkTrouble(t, p, 1)
}

// checkNotices checks that a notice stands right before the first message that is not
// stored, and another right before the next that is.
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
			t.Errorf("after the notices %v comes %+v", notices, e)
			return
		}
	}
	if !slices.Equal(notices, []string{"unstored", "stored"}) {
		t.Errorf("the notices are %v", notices)
	}
}

// TestDiskSlow has each sync take half a second while thirty talk: what they say at the
// same time waits together.
func TestDiskSlow(t *testing.T) {
	harness.Long(t)
	const talkers, sync1 = 30, 500 * time.Millisecond
	dir := t.TempDir()
	p := harness.StartProgram(t, "--data", dir, "--rate", "0")
	bots := make([]*harness.Bot, talkers)
	for i := range bots {
		if i%2 == 0 {
			bots[i] = harness.DialTCPBot(t, p.TCP)
		} else {
			bots[i] = harness.DialBot(t, "ws://"+p.HTTP+"/ws")
		}
		bots[i].ExpectType(t, "welcome")
	}
	heal := breakDisk(t, p, fmt.Sprintf("delay_exit=%d", sync1.Microseconds()))
	began := time.Now()
	acked := make([]harness.Message, talkers)
	var talking sync.WaitGroup
	for i, b := range bots {
		text := fmt.Sprint("message ", i)
		b.Request(t, map[string]any{"type": "say", "text": text, "key": text})
		talking.Go(func() {
			e, err := b.Out.Await(func(e harness.Event) bool { return e.Key == text })
			if err != nil || e.Type != "ack" {
				t.Errorf("%q is answered with %+v, %v", text, e, err)
			}
			acked[i] = harness.Message{ID: e.ID, Text: text}
		})
	}
	talking.Wait()
	took := time.Since(began)
	if took < sync1 || took > 10*sync1 {
		t.Errorf("with syncs of %v, %d talkers had their acks after %v", sync1, talkers, took)
	}
	t.Logf("with syncs of %v, %d talkers had their acks after %v", sync1, talkers, took)
	heal()
	p.End(t)
	slices.SortFunc(acked, func(a, b harness.Message) int { return cmp.Compare(a.ID, b.ID) })
	if got := onDisk(t, dir, "lobby"); !slices.Equal(got, acked) {
		t.Errorf("history has %v, not what was acknowledged: %v", got, acked)
	}
}
