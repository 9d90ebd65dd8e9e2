package history

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A clientPair is a client that sends messages with keys and a client that receives them. The stored
// and the received messages must be the acknowledged ones.
type clientPair struct {
	sender, listener *harness.Bot
	said             int
	acked            []harness.Message
	refused          []harness.Message // without ids
}

func newPair(t *testing.T, p *harness.Program) *clientPair {
	t.Helper()
	pair := &clientPair{sender: harness.DialBot(t, "ws://"+p.HTTP+"/ws"), listener: harness.DialTCPBot(t, p.TCP)}
	pair.sender.ExpectType(t, "welcome")
	pair.listener.ExpectType(t, "welcome")
	return pair
}

// startWithMessages starts a program with its history in dir, and sends messages, which must all
// be acknowledged.
func startWithMessages(t *testing.T, dir string, messages int) (*harness.Program, *clientPair) {
	t.Helper()
	p := harness.StartProgram(t, "--data", dir, "--rate", "0")
	pair := newPair(t, p)
	for range messages {
		if !pair.sayNext(t) {
			t.Fatal("a message is refused on a healthy disk")
		}
	}
	return p, pair
}

// sayNext sends the next message, and reports whether it was acknowledged.
func (pair *clientPair) sayNext(t *testing.T) bool {
	t.Helper()
	pair.said++
	return pair.say(t, fmt.Sprint("message ", pair.said))
}

// say sends a message with its text as the key, and reports whether it was acknowledged.
func (pair *clientPair) say(t *testing.T, text string) bool {
	t.Helper()
	switch e := pair.sender.Say(t, text, text); {
	case e.Type == "ack":
		pair.acked = append(pair.acked, harness.Message{ID: e.ID, Text: text})
		return true
	case e.Type == "error" && e.Code == "unavailable":
		pair.refused = append(pair.refused, harness.Message{Text: text})
	default:
		t.Fatalf("%q: got %+v", text, e)
	}
	return false
}

// The program's log messages for a disk that fails and for one that has recovered.
const (
	diskFailed    = `msg="history can't be written"`
	diskRecovered = `msg="history is written again"`
)

// recovery is how long messages may be refused after a disk has recovered.
const recovery = 5 * time.Second

// awaitRecovery sends messages until one is acknowledged.
func (pair *clientPair) awaitRecovery(t *testing.T) {
	t.Helper()
	start := time.Now()
	for !pair.sayNext(t) {
		if time.Since(start) > recovery {
			t.Fatalf("messages are still refused %v after the disk recovered", recovery)
		}
		time.Sleep(time.Millisecond) // between two messages
	}
	t.Logf("messages are acknowledged again after %v", time.Since(start).Round(time.Millisecond))
}

// checkOthersWork checks that all requests except say work while the disk fails.
func (pair *clientPair) checkOthersWork(t *testing.T, p *harness.Program) {
	t.Helper()
	newcomer := harness.DialText(t, p.TCP)
	nick := harness.ExpectLine(t, newcomer.Out, harness.WelcomeLine)[0]
	pair.listener.Expect(t, "the join", func(e harness.Event) bool { return e.Type == "join" && e.Nick == nick })
	newcomer.Say(t, "/who")
	harness.ExpectLine(t, newcomer.Out, "= .*"+regexp.QuoteMeta(nick)+".*")
	newcomer.Say(t, "said in text")
	harness.ExpectLine(t, newcomer.Out, `! not said: history can't take it now, .*`)
	newcomer.Say(t, "/nick visitor")
	pair.listener.Expect(t, "the new name", func(e harness.Event) bool { return e.Type == "nick" && e.To == "visitor" })
	pair.sender.Request(t, map[string]any{"type": "msg", "to": "visitor", "text": "psst", "ref": "private"})
	pair.sender.Expect(t, "the ack", func(e harness.Event) bool { return e.Type == "ack" && e.Ref == "private" })
	harness.ExpectLine(t, newcomer.Out, `\S+ -> you: psst`)
	pair.sender.Request(t, map[string]any{"type": "history", "ref": "meanwhile"})
	last := pair.sender.Expect(t, "history", func(e harness.Event) bool { return e.Ref == "meanwhile" })
	if n := len(last.Messages); n == 0 || last.Messages[n-1].ID != pair.acked[len(pair.acked)-1].ID {
		t.Errorf("history while the disk fails: %+v", last)
	}
	newcomer.Say(t, "/quit")
	pair.listener.Expect(t, "the leave", func(e harness.Event) bool { return e.Type == "leave" && e.Nick == "visitor" })
}

// checkLog checks that the acknowledged messages are those that the listener received and those
// in the history. It ends the program.
func (pair *clientPair) checkLog(t *testing.T, p *harness.Program, dir string) {
	t.Helper()
	if !harness.Eventually(func() bool { return len(pair.listener.Messages()) >= len(pair.acked) }) {
		t.Errorf("%d of %d messages are received", len(pair.listener.Messages()), len(pair.acked))
	}
	pair.sender.Request(t, map[string]any{"type": "since", "id": pair.acked[0].ID - 1, "limit": 500, "ref": "all"})
	var answered []harness.Message
	for _, m := range pair.sender.Expect(t, "history", func(e harness.Event) bool { return e.Type == "history" && e.Ref == "all" }).Messages {
		answered = append(answered, harness.Message{ID: m.ID, Text: m.Text})
	}
	p.Stop(t)
	for what, got := range map[string][]harness.Message{
		"received": pair.listener.Messages(), "in the answer to since": answered, "on disk": onDisk(t, dir, "lobby"),
	} {
		if !slices.Equal(got, pair.acked) {
			t.Errorf("the messages %s are not the acknowledged ones:\n%s", what, harness.Difference(got, pair.acked))
		}
	}
	t.Logf("%d messages acknowledged, %d refused", len(pair.acked), len(pair.refused))
}

// checkDiskLog checks that the program logged that the disk failed once, and that it recovered
// at least once and at most maxRecoveries times.
func checkDiskLog(t *testing.T, p *harness.Program, maxRecoveries int) {
	t.Helper()
	if failed, recovered := logged(p, diskFailed), logged(p, diskRecovered); failed != 1 || recovered == 0 || recovered > maxRecoveries {
		t.Errorf("the log has %d failures and %d recoveries:\n%s", failed, recovered, p.Err)
	}
}

// logged returns the number of lines in the program's log that contain a text.
func logged(p *harness.Program, text string) int {
	return p.Err.Count(regexp.MustCompile(regexp.QuoteMeta(text)).MatchString)
}
