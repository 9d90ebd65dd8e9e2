package abuse

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// An attempt is how one address tries to exceed a limit by reconnecting.
type attempt struct {
	edit func(c *app.Config)
	try  func(t *testing.T, s *harness.Server, door string)
}

// attempts holds an attempt for each flag of limits; nil for a flag that is no limit.
var attempts = map[string]*attempt{
	"rate": {
		func(c *app.Config) { c.Limits.Rate, c.Limits.Burst, c.Limits.MaxPerAddress = 5, 10, 2 },
		func(t *testing.T, s *harness.Server, door string) {
			n, d := saidByReconnecting(t, s, door, "x", ": x")
			if most := 2 * (10 + 5*d.Seconds() + 1); float64(n) > most || n < 10 {
				t.Errorf("%d lines were heard in %v, %.0f at most may be", n, d, most)
			}
		},
	},
	"burst": {
		func(c *app.Config) { c.Limits.Rate, c.Limits.Burst, c.Limits.MaxPerAddress = 0.01, 10, 2 },
		func(t *testing.T, s *harness.Server, door string) {
			n, d := saidByReconnecting(t, s, door, "x", ": x")
			if most := 2 * (10 + 0.01*d.Seconds() + 1); float64(n) > most || n < 10 {
				t.Errorf("%d lines were heard in %v, %.0f at most may be", n, d, most)
			}
		},
	},
	"max-asked": {
		func(c *app.Config) {
			c.Limits.Rate, c.Limits.PageLimit, c.Limits.MaxPerAddress, c.Replay = 0.01, 3, 2, 0
		},
		func(t *testing.T, s *harness.Server, door string) {
			w := forward(t, s, "tcp", bystander)
			w.first(t)
			w.say("x", "x", "x", "x", "x")
			for range 5 {
				harness.ExpectLine(t, w.out, ".*: x")
			}
			n, d := saidByReconnecting(t, s, door, "/history 5", "")
			const looks = 40 / 5 // of --burst
			if most := 3 * 2 * (looks + 0.01*d.Seconds() + 1); float64(n) > most || n < 3*looks {
				t.Errorf("%d messages were told in %v, %.0f at most may be", n, d, most)
			}
		},
	},
	"max-line": {
		func(c *app.Config) { c.Limits.MaxLine = 16 },
		eachTime(func(t *testing.T, v *visitor) {
			v.say(strings.Repeat("x", 17))
			harness.ExpectLine(t, v.out, "! line too long: at most 16 bytes")
		}),
	},
	"max-fragments": {
		func(c *app.Config) { c.Limits.MaxFragments = 2 },
		func(t *testing.T, s *harness.Server, door string) {
			if door == "tcp" { // which has none
				return
			}
			for range 5 {
				c := harness.Upgrade(t, s.HTTP, "/ws", "partyline.text.v1")
				c.SetDeadline(time.Now().Add(harness.Patience))
				io.WriteString(c, "\x01\x81\x00\x00\x00\x00x"+"\x00\x81\x00\x00\x00\x00x"+"\x80\x81\x00\x00\x00\x00x")
				if got, _ := io.ReadAll(c); !strings.Contains(string(got), "\x03\xf0") { // 1008
					t.Errorf("three frames are answered with %q", got)
				}
			}
		},
	},
	"max-members":     {func(c *app.Config) { c.Limits.MaxMembers = 3 }, atOnce(3, "")},
	"max-per-address": {func(c *app.Config) { c.Limits.MaxPerAddress = 3 }, atOnce(3, "")},
	"max-rooms":       {func(c *app.Config) { c.Limits.MaxRooms = 4 }, atOnce(3, "/join room-%d")}, // beside the lobby
	"max-arrivals": {
		func(c *app.Config) { c.Limits.MaxArrivals = 6 },
		func(t *testing.T, s *harness.Server, door string) {
			n, d := cameByReconnecting(t, s, door, func(*visitor, int) bool { return true })
			if most := 6 + 6*d.Minutes(); float64(n) > most || n < 6 {
				t.Errorf("%d came in %v, %.1f at most may", n, d, most)
			}
		},
	},
	"max-new-rooms": {
		func(c *app.Config) { c.Limits.MaxNewRooms = 4 },
		func(t *testing.T, s *harness.Server, door string) {
			n, d := cameByReconnecting(t, s, door, func(v *visitor, i int) bool {
				v.say(fmt.Sprintf("/join room-%d", i))
				line, in := v.first(t)
				if !in && line != "! your address has made too many rooms: join one that is there, or wait a minute" {
					t.Errorf("it is answered with %q", line)
				}
				return in
			})
			if most := 4 + d.Minutes(); float64(n) > most || n < 4 {
				t.Errorf("%d rooms were made in %v, %.1f at most may be", n, d, most)
			}
		},
	},
	"window": {
		func(c *app.Config) { c.Limits.Window, c.History.Messages = 64<<10, 10 },
		keepsLittle("/join lobby"),
	},
	"max-backlog": {
		func(c *app.Config) { c.Limits.MaxBacklog, c.History.Messages, c.Limits.MaxNewRooms = 1<<20, 10, 0 },
		keepsLittle("/join room-%d"),
	},
	"write-timeout": {
		func(c *app.Config) { c.Limits.WriteTimeout = 100 * time.Millisecond },
		func(t *testing.T, s *harness.Server, door string) {
			w := forward(t, s, "tcp", bystander)
			w.first(t)
			for range 3 {
				v := harness.Dial(t, s.TCP)
				v.SetReadBuffer(4096)
				fmt.Fprintf(v, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n", attacker)
				nick := harness.ExpectLine(t, w.out, `\* (\S+) has arrived`)[0]
				go io.WriteString(v, strings.Repeat("/help\n", 20_000)) // and reads nothing
				harness.ExpectLine(t, w.out, `\* `+nick+` has left`)
				v.Close()
			}
		},
	},
	"max-header": {
		func(c *app.Config) { c.Limits.MaxHeader = 8 << 10 },
		func(t *testing.T, s *harness.Server, door string) {
			for range 5 {
				c := harness.Dial(t, s.HTTP)
				c.SetDeadline(time.Now().Add(harness.Patience))
				fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", 8<<10))
				if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != 431 {
					t.Errorf("%v, %v", res, err)
				}
			}
		},
	},
	"header-timeout": {
		func(c *app.Config) { c.Limits.HeaderTimeout = 50 * time.Millisecond },
		func(t *testing.T, s *harness.Server, door string) {
			addr, begin := s.TCP, "PROXY TCP4 "
			if door == "ws" {
				addr, begin = s.HTTP, "GET / HTTP/1.1\r\n"
			}
			for range 5 {
				c := harness.Dial(t, addr)
				c.SetDeadline(time.Now().Add(harness.Patience))
				io.WriteString(c, begin)
				if got, err := io.ReadAll(c); isTimeout(err) {
					t.Errorf("it is kept, with %q", got)
				}
			}
		},
	},
	"exempt": nil,
	"proxy":  nil,
}
