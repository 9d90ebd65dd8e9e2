package operate

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A flagReload is the effect of a flag that can be reloaded.
type flagReload struct {
	before, after string // the file
	was, is       string // what probe returns
	probe         func(t *testing.T, r *reloadable) string
}

// flagReloads has an effect of each flag that can be reloaded. A probe is called before and after the
// reload.
var flagReloads = map[string]flagReload{
	"rate": {
		"rate = 0\nburst = 3", "rate = 0.001\nburst = 3", "said", "slowed",
		sayLines(6),
	},
	"burst": {
		"rate = 0.001\nburst = 100", "rate = 0.001\nburst = 3", "said", "slowed",
		sayLines(6),
	},
	"max-asked": {
		"max-asked = 2", "max-asked = 4", "2 messages", "4 messages",
		func(t *testing.T, r *reloadable) string {
			bot := harness.DialBot(t, "ws://"+r.HTTP+"/ws")
			for i := range 5 {
				bot.Say(t, fmt.Sprint("key-", i), "hello")
			}
			bot.Request(t, map[string]any{"type": "history", "limit": 10, "ref": "r"})
			return fmt.Sprint(len(bot.ExpectType(t, "history").Messages), " messages")
		},
	},
	"max-members":     {"max-members = 1", "max-members = 3", "! the server is full: try again later", "in", joinFrom(local)},
	"max-per-address": {proxied + "max-per-address = 1", proxied + "max-per-address = 9", "! too many connections from your address: close one first", "in", joinFrom(remote)},
	"max-arrivals":    {proxied + "max-arrivals = 1", proxied + "max-arrivals = 9", "! too many new connections from your address: try again in a minute", "in", joinFrom(remote)},
	"exempt":          {proxied + "max-arrivals = 1", proxied + "max-arrivals = 1\nexempt = [\"192.0.2.1\"]", "! too many new connections from your address: try again in a minute", "in", joinFrom(remote)},
	"proxy": {
		"", "proxy = [\"127.0.0.1\"]", "421", "101",
		func(t *testing.T, r *reloadable) string {
			return fmt.Sprint(handshakeAs(t, r.HTTP, "chat.example", "X-Forwarded-For: 192.0.2.1\r\n"))
		},
	},
	"max-rooms":     {"max-rooms = 1", "max-rooms = 3", "! there are too many rooms: /rooms lists those that you can join", "in", joinRooms(1)},
	"max-new-rooms": {"max-new-rooms = 1", "max-new-rooms = 9", "! you have made too many rooms: join one that is there, or wait a minute", "in", joinRooms(2)},
	"max-backlog": {
		"rate = 0\nwindow = \"16MiB\"\nmax-backlog = \"64MiB\"", "rate = 0\nwindow = \"16MiB\"\nmax-backlog = \"1MiB\"",
		"more than 1 MiB", "less",
		func(t *testing.T, r *reloadable) string {
			frozen := harness.Dial(t, r.TCP) // never reads
			if err := frozen.SetReadBuffer(4096); err != nil {
				t.Fatal(err)
			}
			c, _ := enter(t, r, local)
			for members := 0; members < 3; { // the frozen one must be in
				c.Say(t, "/who")
				members = len(strings.Split(harness.ExpectLine(t, c.Out, "= (.*)")[0], ", "))
			}
			for i := range 1000 {
				c.Say(t, fmt.Sprint(i, strings.Repeat(" x", 2000)))
			}
			harness.ExpectLine(t, c.Out, `\S+: 999 .*`)
			_, metrics := fetch(t, r.admin+"/metrics")
			if figure(t, metrics, "backlog_bytes") > 1<<20+2*(64<<10) { // and the chunks that are in use
				return "more than 1 MiB"
			}
			return "less"
		},
	},
	"host": {
		"", "host = [\"chat.example\"]", "421", "101",
		func(t *testing.T, r *reloadable) string {
			return fmt.Sprint(handshakeAs(t, r.HTTP, "chat.example", ""))
		},
	},
	"origin": {
		"", "origin = [\"https://site.example\"]", "403", "101",
		func(t *testing.T, r *reloadable) string {
			req, err := http.NewRequest(http.MethodGet, "http://"+r.HTTP+"/ws", nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{
				"Origin": "https://site.example", "Connection": "Upgrade", "Upgrade": "websocket",
				"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
			} {
				req.Header.Set(name, value)
			}
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			return fmt.Sprint(res.StatusCode)
		},
	},
	"public-log": {
		"", "public-log = false", "200", "404",
		func(t *testing.T, r *reloadable) string {
			status, _ := fetch(t, "http://"+r.HTTP+"/log/lobby")
			return fmt.Sprint(status)
		},
	},
	"log-level": {
		"", "log-level = \"debug\"", "not logged", "logged",
		func(t *testing.T, r *reloadable) string {
			if status, _ := fetch(t, "http://"+r.HTTP+"/nowhere"); status != http.StatusNotFound {
				t.Errorf("status %d", status)
			}
			handshakeAs(t, r.HTTP, "other.example", "") // is logged at any level
			line, err := r.Err.Await(func(s string) bool {
				return strings.Contains(s, "unknown path") || strings.Contains(s, "unknown host")
			})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(line, "unknown path") {
				return "logged"
			}
			return "not logged"
		},
	},
}

// proxied makes the server take addresses from PROXY headers. remote is one with such an address, and
// local is without.
const (
	proxied = "proxy = [\"127.0.0.1\"]\n"
	remote  = "PROXY TCP4 192.0.2.1 127.0.0.1 1000 4000\r\n"
	local   = ""
)

// enter connects over TCP with a PROXY header, and returns the client and "in", or the reason why it
// is not admitted.
func enter(t *testing.T, r *reloadable, header string) (c *harness.TextClient, answer string) {
	t.Helper()
	c = harness.DialText(t, r.TCP)
	if _, err := fmt.Fprint(c.Conn, header); err != nil {
		t.Fatal(err)
	}
	line, err := c.Out.Await(func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(line, "* You are ") {
		line = "in"
	}
	return c, line
}

// joinFrom returns a probe that connects two clients, and returns the answer to the second.
func joinFrom(header string) func(*testing.T, *reloadable) string {
	return func(t *testing.T, r *reloadable) string {
		t.Helper()
		enter(t, r, header)
		_, answer := enter(t, r, header)
		return answer
	}
}

// joinRooms returns a probe that has a client enter n new rooms. It returns "in" or the reason why the
// client can't enter the last one.
func joinRooms(n int) func(*testing.T, *reloadable) string {
	return func(t *testing.T, r *reloadable) string {
		t.Helper()
		enter(t, r, local) // keeps the lobby
		c, _ := enter(t, r, local)
		for i := range n {
			c.Say(t, fmt.Sprint("/join room-", i))
			line, err := c.Out.Await(func(s string) bool { return strings.HasPrefix(s, "! ") || strings.HasPrefix(s, "* You are ") })
			switch {
			case err != nil:
				t.Fatal(err)
			case strings.HasPrefix(line, "! "):
				return line
			}
		}
		return "in"
	}
}

// sayLines returns a probe that has the member that stays say n lines. It returns whether they are all
// said, or the member is slowed.
func sayLines(n int) func(*testing.T, *reloadable) string {
	return func(t *testing.T, r *reloadable) string {
		t.Helper()
		c := r.member
		for i := range n {
			c.Say(t, fmt.Sprint("line ", i))
		}
		last := fmt.Sprint(": line ", n-1)
		line, err := c.Out.Await(func(s string) bool { return strings.HasSuffix(s, last) || strings.Contains(s, "being slowed") })
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(line, last) {
			return "said"
		}
		return "slowed"
	}
}

// TestReloadFlags reloads each flag that the program says it can reload, and checks the effect.
func TestReloadFlags(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	for _, flag := range reloadableFlags(t) {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			c, ok := flagReloads[flag]
			if !ok {
				t.Fatal("there is no test of this flag")
			}
			r := startReloadable(t, c.before, "--replay", "0")
			from := local
			if strings.HasPrefix(c.before, proxied) {
				from = strings.Replace(remote, "192.0.2.1", "192.0.2.2", 1)
			}
			r.member, _ = enter(t, r, from)
			if got := c.probe(t, r); got != c.was {
				t.Errorf("before: %q, not %q", got, c.was)
			}
			r.reload(t, c.after, `.* msg=reloaded changed.`+flag+`=.*`)
			if got := c.probe(t, r); got != c.is {
				t.Errorf("after: %q, not %q", got, c.is)
			}
			if err := r.member.Out.Err(); err != nil {
				t.Errorf("the member that stays was disconnected: %v", err)
			}
		})
	}
}

// reloadableFlags returns the flags that the program can reload, as "partyline config" prints them.
// Each of the others needs a restart.
func reloadableFlags(t *testing.T) (flags []string) {
	t.Helper()
	p := harness.StartPartyline(t, nil, "config")
	lines, _ := p.Out.Rest(t)
	change, all := "", 0
	for _, line := range lines {
		if strings.HasPrefix(line, "# A change needs ") {
			change = line
		}
		name, _, found := strings.Cut(line, " = ")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		all++
		switch change {
		case "# A change needs SIGHUP.":
			flags = append(flags, name)
		case "# A change needs a restart.":
		default:
			t.Errorf("nothing is said about a change of %s", name)
		}
		change = ""
	}
	doc, err := os.ReadFile(harness.RepoPath("docs/configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range flags {
		if !strings.Contains(string(doc), "`"+flag+"`") {
			t.Errorf("docs/configuration.md does not say that %s can be reloaded", flag)
		}
	}
	if len(flags) != len(flagReloads) || all < 30 || !slices.Contains(flags, "log-level") {
		t.Errorf("of %d flags %q can be reloaded", all, flags)
	}
	return flags
}
