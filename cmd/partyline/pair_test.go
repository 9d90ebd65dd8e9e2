package main

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"
)

// A pair is somebody who talks under keys and somebody who listens. What is stored, and
// heard, has to be what was acknowledged.
type pair struct {
	talker, listener *bot
	said             int
	acked            []heard
	refused          []heard // without ids
}

func newPair(t *testing.T, p *program) *pair {
	t.Helper()
	d := &pair{talker: dialBot(t, "ws://"+p.http+"/ws"), listener: dialTCPBot(t, p.tcp)}
	d.talker.expectType(t, "welcome")
	d.listener.expectType(t, "welcome")
	return d
}

// talkOn starts a program that keeps its history in a folder, and says so many messages
// there, which are all acknowledged.
func talkOn(t *testing.T, dir string, messages int) (*program, *pair) {
	t.Helper()
	p := startProgram(t, "--data", dir, "--rate", "0")
	d := newPair(t, p)
	for range messages {
		if !d.say(t) {
			t.Fatal("refused, though nothing is wrong")
		}
	}
	return p, d
}

// say says one more message, and reports whether it was acknowledged.
func (d *pair) say(t *testing.T) bool {
	t.Helper()
	d.said++
	return d.again(t, fmt.Sprint("message ", d.said))
}

// again says a message under a key that is its text.
func (d *pair) again(t *testing.T, text string) bool {
	t.Helper()
	switch e := d.talker.say(t, text, text); {
	case e.Type == "ack":
		d.acked = append(d.acked, heard{e.ID, text})
		return true
	case e.Type == "error" && e.Code == "unavailable":
		d.refused = append(d.refused, heard{text: text})
	default:
		t.Fatalf("%q is answered with %+v", text, e)
	}
	return false
}

// What the program logs of a disk in trouble, and at its end.
const (
	diskIll  = `msg="history can't be written"`
	diskWell = `msg="history is written again"`
)

// recovery is how long after the end of a trouble talk may be refused.
const recovery = 5 * time.Second

// recover talks until that is acknowledged again.
func (d *pair) recover(t *testing.T) {
	t.Helper()
	since := time.Now()
	for !d.say(t) {
		if time.Since(since) > recovery {
			t.Fatalf("%v after the trouble it refuses still", recovery)
		}
		time.Sleep(time.Millisecond) // the pace of the talk
	}
	t.Logf("talk is acknowledged again after %v", time.Since(since).Round(time.Millisecond))
}

// checkLife checks that all but talk goes on while the disk is in trouble.
func (d *pair) checkLife(t *testing.T, p *program) {
	t.Helper()
	newcomer := call(t, p.tcp)
	nick := expectLine(t, newcomer.out, welcomed)[0]
	d.listener.expect(t, "the coming", func(e event) bool { return e.Type == "join" && e.Nick == nick })
	newcomer.say(t, "/who")
	expectLine(t, newcomer.out, "= .*"+regexp.QuoteMeta(nick)+".*")
	newcomer.say(t, "said in text")
	expectLine(t, newcomer.out, `! not said: history can't take it now, .*`)
	newcomer.say(t, "/nick visitor")
	d.listener.expect(t, "the new name", func(e event) bool { return e.Type == "nick" && e.To == "visitor" })
	d.talker.request(t, map[string]any{"type": "msg", "to": "visitor", "text": "psst", "ref": "private"})
	d.talker.expect(t, "the ack", func(e event) bool { return e.Type == "ack" && e.Ref == "private" })
	expectLine(t, newcomer.out, `\S+ -> you: psst`)
	d.talker.request(t, map[string]any{"type": "history", "ref": "meanwhile"})
	last := d.talker.expect(t, "history", func(e event) bool { return e.Ref == "meanwhile" })
	if n := len(last.Messages); n == 0 || last.Messages[n-1].ID != d.acked[len(d.acked)-1].id {
		t.Errorf("history meanwhile is %+v", last)
	}
	newcomer.say(t, "/quit")
	d.listener.expect(t, "the leaving", func(e event) bool { return e.Type == "leave" && e.Nick == "visitor" })
}

// checkLog checks that what was acknowledged is what was heard and what history has. The
// program ends for that.
func (d *pair) checkLog(t *testing.T, p *program, dir string) {
	t.Helper()
	if !eventually(func() bool { return len(d.listener.messages()) >= len(d.acked) }) {
		t.Errorf("%d of %d messages are heard", len(d.listener.messages()), len(d.acked))
	}
	d.talker.request(t, map[string]any{"type": "since", "id": d.acked[0].id - 1, "limit": 500, "ref": "all"})
	var told []heard
	for _, m := range d.talker.expect(t, "history", func(e event) bool { return e.Type == "history" && e.Ref == "all" }).Messages {
		told = append(told, heard{m.ID, m.Text})
	}
	p.end(t)
	for what, got := range map[string][]heard{
		"heard": d.listener.messages(), "told of history": told, "on disk": onDisk(t, dir, "lobby"),
	} {
		if !slices.Equal(got, d.acked) {
			t.Errorf("%s is another log than was acknowledged:\n%s", what, difference(got, d.acked))
		}
	}
	t.Logf("%d messages are acknowledged, %d refused", len(d.acked), len(d.refused))
}

// checkTrouble checks that the program's log told of trouble once in this minute, and of
// its end; it may have ended more than once.
func checkTrouble(t *testing.T, p *program, mostEnds int) {
	t.Helper()
	if ill, well := logged(p, diskIll), logged(p, diskWell); ill != 1 || well == 0 || well > mostEnds {
		t.Errorf("the trouble is in the log %d times, its end %d times:\n%s", ill, well, p.err)
	}
}

func logged(p *program, mark string) int {
	return p.err.count(regexp.MustCompile(regexp.QuoteMeta(mark)).MatchString)
}
