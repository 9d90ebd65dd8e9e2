package operate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A reloadable is a program with a configuration file.
type reloadable struct {
	*harness.Program
	file, admin string              // admin is the URL of the operator's listener
	member      *harness.TextClient // of TestReloadFlags: one that stays
}

// startReloadable starts the program with the content of a configuration file.
func startReloadable(t *testing.T, content string, args ...string) *reloadable {
	t.Helper()
	r := &reloadable{file: filepath.Join(t.TempDir(), "partyline.toml")}
	r.write(t, content)
	r.Program, r.admin = startAdmin(t, append([]string{"--config", r.file}, args...)...)
	return r
}

// write replaces the file.
func (r *reloadable) write(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile(r.file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload replaces the file and sends SIGHUP. It waits for a line of the log that matches.
func (r *reloadable) reload(t *testing.T, content, want string) {
	t.Helper()
	r.write(t, content)
	r.Signal(t, syscall.SIGHUP)
	harness.ExpectLine(t, r.Err, want)
}

// limit returns the value of a flag that is in use.
func (r *reloadable) limit(t *testing.T, flag string) string {
	t.Helper()
	var limits map[string]string
	if _, body := fetch(t, r.admin+"/api/v1/limits"); json.Unmarshal([]byte(body), &limits) != nil {
		t.Fatalf("the limits are %s", body)
	}
	return limits[flag]
}

// TestReloadReport changes settings that can be reloaded, settings that can't, and one that the
// command line sets. The log has the first two, until they are as they were.
func TestReloadReport(t *testing.T) {
	t.Parallel()
	const before = "rate = 20\nmax-line = \"8KiB\"\n"
	r := startReloadable(t, before, "--burst", "7")
	r.reload(t, before, `.* level=INFO msg="reloaded, nothing changed"`)
	r.reload(t, before+"burst = 9\n", `.* level=INFO msg="reloaded, nothing changed"`)
	r.reload(t, "rate = 30\nexempt = [\"192.0.2.1\"]\nmax-line = \"8KiB\"\n",
		`.* level=INFO msg=reloaded changed.rate="20 -> 30" changed.exempt="\[\] -> \[\\"192.0.2.1\\"\]"`)
	r.reload(t, "rate = 30\nexempt = [\"192.0.2.1\"]\nmax-line = \"16KiB\"\ntcp = \":1\"\n",
		`.* level=WARN msg="reloaded, but some changes need a restart" restart.max-line="\\"8KiB\\" -> \\"16KiB\\""`)
	if rate, burst, line := r.limit(t, "rate"), r.limit(t, "burst"), r.limit(t, "max-line"); rate != "30" || burst != "7" || line != "8KiB" {
		t.Errorf("the rate is %s, the burst %s, the longest line %s", rate, burst, line)
	}
	r.reload(t, before, `.* level=INFO msg=reloaded changed.rate="30 -> 20" changed.exempt=.*`)
	r.Stop(t)
}

// TestReloadBroken reloads files with errors. The log has one line with the error for each, and
// nothing changes.
func TestReloadBroken(t *testing.T) {
	t.Parallel()
	const good = "rate = 20\n"
	r := startReloadable(t, good)
	nc, nick := harness.Netcat(t, r.TCP)
	for i, c := range []struct{ content, want string }{
		{"rate = 30\nmax-member = 3\n", `toml:2: there is no setting max-member: did you mean max-members\?`},
		{"rate = 30\n\nburst = \"none\"\n", `toml:3: burst = .*"none.*" is not a whole number between .*`},
		{"rate = 30\nproxy = [\"nowhere\"]\n", `toml:2: proxy = .* is not a list of networks: .*`},
		{"rate = 30\norigin = [\"nowhere\"]\n", `toml:2: origin = .* is not a list of origins: .*`},
		{"rate = 30\nrate\n", `toml:2: .*`},
		{"rate = 30\ntls-cert = \"chain.pem\"\n", `toml:2: tls-cert needs --tls-key, .*`},
		{"rate = 30\ntcp = \"\"\nhttp = \"\"\nlog-level = \"loud\"\n", `toml:4: log-level = .* is not .*`},
	} {
		r.reload(t, c.content, `.* level=ERROR msg="not reloaded, the old settings stay" err=".*`+c.want+`"`)
		r.reload(t, good, `.* msg="reloaded, nothing changed"`)
		if n := r.Err.Count(regexp.MustCompile("reloaded").MatchString); n != 2*(i+1) {
			t.Errorf("the log has %d lines after %d signals:\n%s", n, 2*(i+1), r.Err)
		}
	}
	if err := os.Remove(r.file); err != nil {
		t.Fatal(err)
	}
	r.Signal(t, syscall.SIGHUP)
	harness.ExpectLine(t, r.Err, `.* level=ERROR msg="not reloaded, the old settings stay" err=".*toml: no such file or directory"`)
	if rate := r.limit(t, "rate"); rate != "20" {
		t.Errorf("the rate is %s", rate)
	}
	nc.Say(t, "still here")
	harness.ExpectLine(t, nc.Out, nick+": still here")
	r.reload(t, "rate = 30\n", `.* msg=reloaded changed.rate="20 -> 30"`)
	r.Stop(t)
}

// TestReloadUnderLoad has clients with netcat, TCP and WebSockets talk while the settings change again
// and again. Nobody is disconnected, and nobody misses a message.
func TestReloadUnderLoad(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	const reloads = 50
	files := [2]string{
		"rate = 400\nburst = 50\nmax-members = 100\nlog-level = \"info\"\nhost = [\"one.example\"]\n",
		"rate = 300\nburst = 60\nmax-members = 2\nmax-per-address = 1\nmax-rooms = 1\nlog-level = \"debug\"\norigin = [\"https://two.example\"]\nproxy = [\"192.0.2.1\"]\nhost = [\"two.example\"]\n",
	}
	r := startReloadable(t, files[0])
	var talkers []*talker
	for range 2 {
		nc, nick := harness.Netcat(t, r.TCP)
		say := func(line string) error { _, err := fmt.Fprintln(nc.Stdin, line); return err }
		talkers = append(talkers, &talker{nick: nick, say: say, lines: nc.Out})
	}
	for _, b := range []*harness.Bot{harness.DialTCPBot(t, r.TCP), harness.DialBot(t, "ws://"+r.HTTP+"/ws")} {
		nick := b.ExpectType(t, "welcome").Nick
		say := func(line string) error { return b.Send(map[string]any{"type": "say", "text": line}) }
		talkers = append(talkers, &talker{nick: nick, say: say, events: b.Out})
	}

	stop := make(chan struct{})
	var talking sync.WaitGroup
	for _, k := range talkers {
		talking.Go(func() { k.talk(stop) })
	}
	for i := range reloads {
		if i%10 == 5 {
			r.reload(t, "rate = 1\nmax-member = 1\n", `.* msg="not reloaded, the old settings stay" err=.*`)
		}
		r.reload(t, files[(i+1)%2], `.* msg=reloaded .*changed.rate=.* changed.log-level=.*`)
		for _, k := range talkers {
			last := k.said.Load()
			if !harness.Eventually(func() bool { return k.said.Load() > last }) {
				t.Fatalf("%s says nothing after reload %d: %s", k.nick, i, r.Err)
			}
		}
	}
	close(stop)
	talking.Wait()
	for _, k := range talkers {
		if k.err != nil {
			t.Errorf("%s: %v", k.nick, k.err)
		}
		for _, other := range talkers {
			k.expectAll(t, other)
		}
	}
	if n := r.Err.Count(regexp.MustCompile("member left|DATA RACE").MatchString); n > 0 {
		t.Errorf("%d members were disconnected:\n%s", n, r.Err)
	}
	r.Stop(t)
}

// A talker is a client that talks, over netcat or as a bot.
type talker struct {
	nick   string
	say    func(line string) error
	lines  *harness.Feed[string]        // of netcat
	events *harness.Feed[harness.Event] // of a bot
	said   atomic.Int64
	err    error
}

// talk says numbers, each after the one before it has come back, until stop is closed.
func (k *talker) talk(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		n := k.said.Load()
		text := fmt.Sprint("number ", n)
		if k.err = k.say(text); k.err != nil {
			return
		}
		k.said.Add(1)
		if k.err = k.await(k.nick, text); k.err != nil {
			return
		}
	}
}

// await waits for a message.
func (k *talker) await(from, text string) (err error) {
	if k.lines != nil {
		_, err = k.lines.Await(func(line string) bool { return line == from+": "+text })
	} else {
		_, err = k.events.Await(func(e harness.Event) bool { return e.From == from && e.Text == text })
	}
	return err
}

// received returns the numbers that k has received from another client.
func (k *talker) received(from string) (numbers []string) {
	note := func(sender, text string) {
		if n, ok := strings.CutPrefix(text, "number "); ok && sender == from {
			numbers = append(numbers, n)
		}
	}
	if k.lines != nil {
		for _, line := range k.lines.All() {
			sender, text, _ := strings.Cut(line, ": ")
			note(sender, text)
		}
		return numbers
	}
	for _, e := range k.events.All() {
		if e.Type == "message" {
			note(e.From, e.Text)
		}
	}
	return numbers
}

// expectAll checks that k receives everything that other has said, in order.
func (k *talker) expectAll(t *testing.T, other *talker) {
	t.Helper()
	said := int(other.said.Load())
	harness.Eventually(func() bool { return len(k.received(other.nick)) >= said })
	got := k.received(other.nick)
	for i, n := range got {
		if n != fmt.Sprint(i) {
			t.Errorf("%s received %s of %s, not %d", k.nick, n, other.nick, i)
			return
		}
	}
	if len(got) != said {
		t.Errorf("%s received %d of the %d messages of %s", k.nick, len(got), said, other.nick)
	}
}
