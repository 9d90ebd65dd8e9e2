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

// An attempt is a way in which one address may exceed a limit by reconnecting.
type attempt struct {
	edit func(c *app.Config)
	try  func(t *testing.T, s *harness.Server, transport string)
}

// attempts holds an attempt for each flag of [app.Limits], or nil if the flag is not a limit.
var attempts = map[string]*attempt{
	"rate": {
		func(c *app.Config) { c.Limits.Rate, c.Limits.Burst, c.Limits.MaxPerAddress = 5, 10, 2 },
		func(t *testing.T, s *harness.Server, transport string) {
			n, d := deliveredByReconnecting(t, s, transport, "x", ": x")
			if limit := 2 * (10 + 5*d.Seconds() + 1); float64(n) > limit || n < 10 {
				t.Errorf("%d lines were delivered in %v, want at most %.0f", n, d, limit)
			}
		},
	},
	"burst": {
		func(c *app.Config) { c.Limits.Rate, c.Limits.Burst, c.Limits.MaxPerAddress = 0.01, 10, 2 },
		func(t *testing.T, s *harness.Server, transport string) {
			n, d := deliveredByReconnecting(t, s, transport, "x", ": x")
			if limit := 2 * (10 + 0.01*d.Seconds() + 1); float64(n) > limit || n < 10 {
				t.Errorf("%d lines were delivered in %v, want at most %.0f", n, d, limit)
			}
		},
	},
	"max-asked": {
		func(c *app.Config) {
			c.Limits.Rate, c.Limits.PageLimit, c.Limits.MaxPerAddress, c.Replay = 0.01, 3, 2, 0
		},
		func(t *testing.T, s *harness.Server, transport string) {
			observer := dialProxied(t, s, "tcp", bystander)
			observer.first(t)
			observer.say("x", "x", "x", "x", "x")
			for range 5 {
				harness.ExpectLine(t, observer.out, ".*: x")
			}
			n, d := deliveredByReconnecting(t, s, transport, "/history 5", "")
			const requests = 40 / 5 // that the default of --burst allows
			if limit := 3 * 2 * (requests + 0.01*d.Seconds() + 1); float64(n) > limit || n < 3*requests {
				t.Errorf("%d messages were delivered in %v, want at most %.0f", n, d, limit)
			}
		},
	},
	"max-line": {
		func(c *app.Config) { c.Limits.MaxLine = 16 },
		onEachConnection(func(t *testing.T, client *proxiedClient) {
			client.say(strings.Repeat("x", 17))
			harness.ExpectLine(t, client.out, "! line too long: at most 16 bytes")
		}),
	},
	"max-fragments": {
		func(c *app.Config) { c.Limits.MaxFragments = 2 },
		func(t *testing.T, s *harness.Server, transport string) {
			if transport == "tcp" { // TCP has no fragments
				return
			}
			for range 5 {
				c := harness.DialUpgrade(t, s.HTTP, "/ws", "partyline.text.v1")
				c.SetDeadline(time.Now().Add(harness.Patience))
				io.WriteString(c, "\x01\x81\x00\x00\x00\x00x"+"\x00\x81\x00\x00\x00\x00x"+"\x80\x81\x00\x00\x00\x00x")
				if got, _ := io.ReadAll(c); !strings.Contains(string(got), "\x03\xf0") { // 1008
					t.Errorf("the response to three fragments is %q", got)
				}
			}
		},
	},
	"max-members":     {func(c *app.Config) { c.Limits.MaxMembers = 3 }, limitsConcurrent(3, "")},
	"max-per-address": {func(c *app.Config) { c.Limits.MaxPerAddress = 3 }, limitsConcurrent(3, "")},
	"max-rooms":       {func(c *app.Config) { c.Limits.MaxRooms = 4 }, limitsConcurrent(3, "/join room-%d")}, // and the lobby
	"max-arrivals": {
		func(c *app.Config) { c.Limits.MaxArrivals = 6 },
		func(t *testing.T, s *harness.Server, transport string) {
			n, d := admittedByReconnecting(t, s, transport, func(*proxiedClient, int) bool { return true })
			if limit := 6 + 6*d.Minutes(); float64(n) > limit || n < 6 {
				t.Errorf("%d connections were admitted in %v, want at most %.1f", n, d, limit)
			}
		},
	},
	"max-new-rooms": {
		func(c *app.Config) { c.Limits.MaxNewRooms = 4 },
		func(t *testing.T, s *harness.Server, transport string) {
			n, d := admittedByReconnecting(t, s, transport, func(client *proxiedClient, i int) bool {
				client.say(fmt.Sprintf("/join room-%d", i))
				line, in := client.first(t)
				if !in && line != "! your address has made too many rooms: join one that is there, or wait a minute" {
					t.Errorf("unexpected response %q", line)
				}
				return in
			})
			if limit := 4 + d.Minutes(); float64(n) > limit || n < 4 {
				t.Errorf("%d rooms were created in %v, want at most %.1f", n, d, limit)
			}
		},
	},
	"window": {
		func(c *app.Config) { c.Limits.Window, c.History.Messages = 64<<10, 10 },
		boundsMemory("/join lobby"),
	},
	"max-backlog": {
		func(c *app.Config) { c.Limits.MaxBacklog, c.History.Messages, c.Limits.MaxNewRooms = 1<<20, 10, 0 },
		boundsMemory("/join room-%d"),
	},
	"write-timeout": {
		func(c *app.Config) { c.Limits.WriteTimeout = 100 * time.Millisecond },
		func(t *testing.T, s *harness.Server, transport string) {
			observer := dialProxied(t, s, "tcp", bystander)
			observer.first(t)
			for range 3 {
				conn := harness.Dial(t, s.TCP)
				conn.SetReadBuffer(4096)
				fmt.Fprintf(conn, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n", attacker)
				nick := harness.ExpectLine(t, observer.out, `\* (\S+) has arrived`)[0]
				go io.WriteString(conn, strings.Repeat("/help\n", 20_000)) // without reading
				harness.ExpectLine(t, observer.out, `\* `+nick+` has left`)
				conn.Close()
			}
		},
	},
	"max-header": {
		func(c *app.Config) { c.Limits.MaxHeader = 8 << 10 },
		func(t *testing.T, s *harness.Server, transport string) {
			for range 5 {
				c := harness.Dial(t, s.HTTP)
				c.SetDeadline(time.Now().Add(harness.Patience))
				fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", 8<<10))
				if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != 431 {
					t.Errorf("response %v, error %v, want status 431", res, err)
				}
			}
		},
	},
	"header-timeout": {
		func(c *app.Config) { c.Limits.HeaderTimeout = 50 * time.Millisecond },
		func(t *testing.T, s *harness.Server, transport string) {
			addr, header := s.TCP, "PROXY TCP4 "
			if transport == "ws" {
				addr, header = s.HTTP, "GET / HTTP/1.1\r\n"
			}
			for range 5 {
				c := harness.Dial(t, addr)
				c.SetDeadline(time.Now().Add(harness.Patience))
				io.WriteString(c, header)
				if got, err := io.ReadAll(c); isTimeout(err) {
					t.Errorf("the server kept the connection open and sent %q", got)
				}
			}
		},
	},
	"exempt":       nil,
	"proxy":        nil,
	"proxy-header": nil,
}
