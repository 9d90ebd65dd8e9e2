package cluster

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/natstest"
)

// start starts n programs with flags that know each other.
func start(t *testing.T, n int, more ...string) (*natstest.Servers, []*harness.Program) {
	t.Helper()
	servers := natstest.Start(t, 1, "")
	programs := make([]*harness.Program, n)
	for i := range programs {
		programs[i] = startProgram(t, servers, more...)
	}
	for _, p := range programs {
		if !harness.Eventually(func() bool {
			return p.Err.Count(func(s string) bool { return strings.Contains(s, "server found") }) == n-1
		}) {
			t.Fatalf("the programs do not find each other:\n%s", p.Err)
		}
	}
	return servers, programs
}

// TestAddressLimit has members of an address at two programs, which count them together.
func TestAddressLimit(t *testing.T) {
	_, programs := start(t, 2, "--max-per-address", "8", "--max-arrivals", "0", "--proxy", "127.0.0.1")
	from := &websocket.DialOptions{HTTPHeader: http.Header{"X-Forwarded-For": {"192.0.2.7"}}} // this machine has no limit
	enter := func(p *harness.Program) (conn *websocket.Conn, status int) {
		conn, response, err := harness.DialWebSocket(t, "ws://"+p.HTTP+"/ws", from)
		if err != nil && response == nil {
			t.Fatal(err)
		}
		return conn, response.StatusCode
	}
	for i := range 8 {
		if _, status := enter(programs[i/6]); status != http.StatusSwitchingProtocols {
			t.Fatalf("member %d gets %d", i, status)
		}
	}
	for _, p := range programs {
		if !harness.Eventually(func() bool { // until the programs know of each other's members
			conn, status := enter(p)
			if conn != nil {
				conn.CloseNow()
			}
			return status == http.StatusTooManyRequests
		}) {
			t.Error("a ninth member is admitted")
		}
	}
}

// TestMembers talks with members of another program, which is killed then.
func TestMembers(t *testing.T) {
	_, programs := start(t, 2)
	a, b := programs[0], programs[1]
	carol := harness.DialText(t, b.TCP)
	harness.ExpectLine(t, carol.Out, `\* You are \S+ in #lobby, alone \(1 here\).*`)
	carol.Say(t, "/nick carol")
	bob, guest := harness.Netcat(t, a.TCP)
	harness.ExpectLine(t, carol.Out, `\* `+guest+` has arrived`)
	bob.Say(t, "/nick bob")
	harness.ExpectLine(t, carol.Out, `\* `+guest+` is now known as bob`)
	for _, taken := range []string{"bob", "BOB", "b0b"} { // also a name that looks the same
		carol.Say(t, "/nick "+taken)
		harness.ExpectLine(t, carol.Out, `! `+taken+` is taken`)
	}
	carol.Say(t, "/who")
	harness.ExpectLine(t, carol.Out, `= carol, bob`)
	bob.Say(t, "/rooms")
	harness.ExpectLine(t, bob.Out, `= lobby \(2\)`)
	bob.Say(t, "/msg CAROL psst")
	harness.ExpectLine(t, carol.Out, `bob -> you: psst`)
	harness.ExpectLine(t, bob.Out, `you -> carol: psst`)
	carol.Say(t, "/msg nobody psst")
	harness.ExpectLine(t, carol.Out, `! nobody here is called nobody`)
	bob.Say(t, "/join ops")
	harness.ExpectLine(t, carol.Out, `\* bob has left`)
	if !harness.Eventually(func() bool { // until the other program knows where bob is
		carol.Say(t, "/rooms")
		line, err := carol.Out.Await(func(s string) bool { return strings.HasPrefix(s, "= ") })
		return err == nil && strings.Contains(line, "ops (1)")
	}) {
		t.Fatal("room ops is not listed")
	}
	carol.Say(t, "/join ops")
	harness.ExpectLine(t, carol.Out, `\* You are carol in #ops, with bob \(2 here\).*`)
	harness.ExpectLine(t, bob.Out, `\* carol has arrived`)

	start := time.Now()
	a.Kill(t)
	harness.ExpectLine(t, carol.Out, `\* bob has left`)
	t.Logf("the members of a killed program have left after %v", time.Since(start).Round(time.Millisecond))
	carol.Say(t, "/nick bob") // is free
	harness.ExpectLine(t, carol.Out, `\* carol is now known as bob`)
	if n := carol.Out.Count(func(s string) bool { return s == "* bob has left" }); n != 2 { // the lobby, and the program
		t.Errorf("bob has left %d times", n)
	}
}

// TestPresenceFigures reads the figures of a program that knows another one.
func TestPresenceFigures(t *testing.T) {
	servers, _ := start(t, 1)
	admin := harness.FreeAddr(t)
	startProgram(t, servers, "--admin", admin)
	if !harness.Eventually(func() bool {
		response, err := http.Get("http://" + admin + "/metrics")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		age := regexp.MustCompile(`\npartyline_nats_presence_age_seconds 0\.\d+\n`)
		return strings.Contains(string(text), "\npartyline_nats_servers 1\n") && age.Match(text)
	}) {
		t.Error("the figures do not show the other program")
	}
}

// TestResumeElsewhere resumes an identity at another program, while its own one runs, and after that was killed. Nobody
// may notice.
func TestResumeElsewhere(t *testing.T) {
	_, programs := start(t, 3)
	var observers []*harness.TextClient
	for _, p := range programs[:2] {
		o := harness.DialText(t, p.TCP)
		harness.ExpectLine(t, o.Out, harness.WelcomeLine)
		observers = append(observers, o)
	}
	first := harness.DialBot(t, "ws://"+programs[0].HTTP+"/ws?nick=robo")
	token := first.ExpectType(t, "welcome").Token
	for _, o := range observers {
		harness.ExpectLine(t, o.Out, `\* robo has arrived`)
	}
	seen := first.Say(t, "key 1", "one").ID
	resume := func(p *harness.Program, since int64) *harness.Bot {
		t.Helper()
		bot := harness.DialBot(t, "ws://"+p.HTTP+"/ws")
		bot.Request(t, map[string]any{"type": "resume", "token": token, "nick": "robo", "since": since, "ref": "r"})
		welcome := bot.Expect(t, "the welcome", func(e harness.Event) bool { return e.Type == "welcome" && e.Ref == "r" })
		if !welcome.Resumed || welcome.Nick != "robo" || welcome.Token != token {
			t.Errorf("the welcome is %+v", welcome)
		}
		return bot
	}
	if e := resume(programs[1], seen).Say(t, "key 2", "two"); e.Type != "ack" {
		t.Errorf("the response is %+v", e)
	}
	if e := first.ExpectType(t, "bye"); e.Reason != "resumed" {
		t.Errorf("the first connection got %+v", e)
	}
	third := resume(programs[2], seen)
	third.Expect(t, "the message that was missed", func(e harness.Event) bool { return e.Text == "two" })
	programs[2].Kill(t)
	last := resume(programs[0], seen)
	last.Say(t, "key 3", "three")
	for i, o := range observers {
		harness.ExpectLine(t, o.Out, `robo: three`)
		if n := o.Out.Count(func(s string) bool { return strings.Contains(s, "robo has") }); n != 1 {
			t.Errorf("observer %d received:\n%s", i, o.Out)
		}
	}

	// A token of nobody resumes nothing.
	eve := harness.DialBot(t, "ws://"+programs[1].HTTP+"/ws")
	eve.Request(t, map[string]any{"type": "resume", "token": "guessed", "nick": "robo", "ref": "r"})
	if e := eve.Expect(t, "the welcome", func(e harness.Event) bool { return e.Type == "welcome" && e.Ref == "r" }); e.Resumed || e.Nick == "robo" {
		t.Errorf("with a wrong token: %+v", e)
	}
}

// TestSharedName has one member in two rooms over two programs, and kills one of them. The member has one name, which stays its
// own.
func TestSharedName(t *testing.T) {
	servers, programs := start(t, 2)
	first := harness.DialBot(t, "ws://"+programs[0].HTTP+"/ws?nick=alice")
	token := first.ExpectType(t, "welcome").Token
	second := harness.DialBot(t, "ws://"+programs[1].HTTP+"/ws")
	second.Request(t, map[string]any{"type": "resume", "token": token, "nick": "alice", "room": "ops", "share": true, "ref": "r"})
	if w := second.Expect(t, "the welcome", func(e harness.Event) bool { return e.Type == "welcome" && e.Ref == "r" }); !w.Resumed {
		t.Fatalf("the welcome is %+v", w)
	}
	for i, bot := range []*harness.Bot{first, second} {
		name := fmt.Sprint("alice-", i)
		bot.Request(t, map[string]any{"type": "nick", "nick": name})
		for _, b := range []*harness.Bot{first, second} {
			b.Expect(t, "the name "+name, func(e harness.Event) bool { return e.Type == "nick" && e.To == name })
		}
	}
	programs[1].Kill(t)
	third := startProgram(t, servers)
	other := harness.DialBot(t, "ws://"+third.HTTP+"/ws?nick=alice-1")
	if e := other.ExpectType(t, "error"); e.Code != "nick_taken" {
		t.Errorf("another member gets %+v", e)
	}
}

// TestManyMembers lets many members join and leave at two programs. The counts of both must agree in the end.
func TestManyMembers(t *testing.T) {
	harness.SkipIfShort(t)
	_, programs := start(t, 2)
	observers := []*harness.TextClient{harness.DialText(t, programs[0].TCP), harness.DialText(t, programs[1].TCP)}
	const each = 120
	for range each {
		for _, p := range programs {
			c := harness.DialText(t, p.TCP)
			harness.ExpectLine(t, c.Out, harness.WelcomeLine)
		}
	}
	for _, o := range observers {
		if !harness.Eventually(func() bool {
			o.Say(t, "/rooms")
			_, err := o.Out.Await(func(s string) bool { return strings.HasPrefix(s, "= lobby (") })
			return err == nil && o.Out.Count(func(s string) bool { return s == fmt.Sprintf("= lobby (%d)", 2*each+2) }) > 0
		}) {
			t.Errorf("the counts differ:\n%s", o.Out)
		}
	}
}
