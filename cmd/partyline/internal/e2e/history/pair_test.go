package history

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A pair is a client that says messages under keys and a client that receives them. What is stored and
// received has to be what was acknowledged.
type pair struct {
	talker, listener *harness.Bot
	said             int
	acked            []harness.Message
	refused          []harness.Message // without ids
}

func newPair(t *testing.T, p *harness.Program) *pair {
	t.Helper()
	d := &pair{talker: harness.DialBot(t, "ws://"+p.HTTP+"/ws"), listener: harness.DialTCPBot(t, p.TCP)}
	d.talker.ExpectType(t, "welcome")
	d.listener.ExpectType(t, "welcome")
	return d
}

// talkOn starts a program that keeps its history in a folder, and says so many messages
// there, which are all acknowledged.
func talkOn(t *testing.T, dir string, messages int) (*harness.Program, *pair) {
	t.Helper()
	p := harness.StartProgram(t, "--data", dir, "--rate", "0")
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
	switch e := d.talker.Say(t, text, text); {
	case e.Type == "ack":
		d.acked = append(d.acked, harness.Message{ID: e.ID, Text: text})
		return true
	case e.Type == "error" && e.Code == "unavailable":
		d.refused = append(d.refused, harness.Message{Text: text})
	default:
		t.Fatalf("%q is answered with %+v", text, e)
	}
	return false
}

// What the program logs when the disk fails, and when it has recovered.
const (
	diskFailed    = `msg="history can't be written"`
	diskRecovered = `msg="history is written again"`
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
func (d *pair) checkLife(t *testing.T, p *harness.Program) {
	t.Helper()
	newcomer := harness.DialText(t, p.TCP)
	nick := harness.ExpectLine(t, newcomer.Out, harness.WelcomeLine)[0]
	d.listener.Expect(t, "the coming", func(e harness.Event) bool { return e.Type == "join" && e.Nick == nick })
	newcomer.Say(t, "/who")
	harness.ExpectLine(t, newcomer.Out, "= .*"+regexp.QuoteMeta(nick)+".*")
	newcomer.Say(t, "said in text")
	harness.ExpectLine(t, newcomer.Out, `! not said: history can't take it now, .*`)
	newcomer.Say(t, "/nick visitor")
	d.listener.Expect(t, "the new name", func(e harness.Event) bool { return e.Type == "nick" && e.To == "visitor" })
	d.talker.Request(t, map[string]any{"type": "msg", "to": "visitor", "text": "psst", "ref": "private"})
	d.talker.Expect(t, "the ack", func(e harness.Event) bool { return e.Type == "ack" && e.Ref == "private" })
	harness.ExpectLine(t, newcomer.Out, `\S+ -> you: psst`)
	d.talker.Request(t, map[string]any{"type": "history", "ref": "meanwhile"})
	last := d.talker.Expect(t, "history", func(e harness.Event) bool { return e.Ref == "meanwhile" })
	if n := len(last.Messages); n == 0 || last.Messages[n-1].ID != d.acked[len(d.acked)-1].ID {
		t.Errorf("history meanwhile is %+v", last)
	}
	newcomer.Say(t, "/quit")
	d.listener.Expect(t, "the leaving", func(e harness.Event) bool { return e.Type == "leave" && e.Nick == "visitor" })
}

// checkLog checks that what was acknowledged is what was heard and what history has. The
// program ends for that.
func (d *pair) checkLog(t *testing.T, p *harness.Program, dir string) {
	t.Helper()
	if !harness.Eventually(func() bool { return len(d.listener.Messages()) >= len(d.acked) }) {
		t.Errorf("%d of %d messages are heard", len(d.listener.Messages()), len(d.acked))
	}
	d.talker.Request(t, map[string]any{"type": "since", "id": d.acked[0].ID - 1, "limit": 500, "ref": "all"})
	var told []harness.Message
	for _, m := range d.talker.Expect(t, "history", func(e harness.Event) bool { return e.Type == "history" && e.Ref == "all" }).Messages {
		told = append(told, harness.Message{ID: m.ID, Text: m.Text})
	}
	p.End(t)
	for what, got := range map[string][]harness.Message{
		"heard": d.listener.Messages(), "told of history": told, "on disk": onDisk(t, dir, "lobby"),
	} {
		if !slices.Equal(got, d.acked) {
			t.Errorf("%s is another log than was acknowledged:\n%s", what, harness.Difference(got, d.acked))
		}
	}
	t.Logf("%d messages are acknowledged, %d refused", len(d.acked), len(d.refused))
}

// checkTrouble checks that the program's log told of trouble once in this minute, and of
// its end; it may have ended more than once.
func checkTrouble(t *testing.T, p *harness.Program, mostEnds int) {
	t.Helper()
	if ill, well := logged(p, diskFailed), logged(p, diskRecovered); ill != 1 || well == 0 || well > mostEnds {
		t.Errorf("the trouble is in the log %d times, its end %d times:\n%s", ill, well, p.Err)
	}
}

func logged(p *harness.Program, mark string) int {
	return p.Err.Count(regexp.MustCompile(regexp.QuoteMeta(mark)).MatchString)
}
