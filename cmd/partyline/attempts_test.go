package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An attempt is how one address tries to exceed a limit by reconnecting.
type attempt struct {
	edit func(c *config)
	try  func(t *testing.T, s *server, door string)
}

// attempts holds an attempt for each flag of limits; nil for a flag that is no limit.
var attempts = map[string]*attempt{
	"rate": {
		func(c *config) { c.limits.rate, c.limits.burst, c.limits.perAddress = 5, 10, 2 },
		func(t *testing.T, s *server, door string) {
			n, d := saidByReconnecting(t, s, door, "x", ": x")
			if most := 2 * (10 + 5*d.Seconds() + 1); float64(n) > most || n < 10 {
				t.Errorf("%d lines were heard in %v, %.0f at most may be", n, d, most)
			}
		},
	},
	"burst": {
		func(c *config) { c.limits.rate, c.limits.burst, c.limits.perAddress = 0.01, 10, 2 },
		func(t *testing.T, s *server, door string) {
			n, d := saidByReconnecting(t, s, door, "x", ": x")
			if most := 2 * (10 + 0.01*d.Seconds() + 1); float64(n) > most || n < 10 {
				t.Errorf("%d lines were heard in %v, %.0f at most may be", n, d, most)
			}
		},
	},
	"max-asked": {
		func(c *config) { c.limits.rate, c.limits.asked, c.limits.perAddress, c.replay = 0.01, 3, 2, 0 },
		func(t *testing.T, s *server, door string) {
			w := forward(t, s, "tcp", bystander)
			w.first(t)
			w.say("x", "x", "x", "x", "x")
			for range 5 {
				expectLine(t, w.out, ".*: x")
			}
			n, d := saidByReconnecting(t, s, door, "/history 5", "")
			const looks = 40 / 5 // of --burst
			if most := 3 * 2 * (looks + 0.01*d.Seconds() + 1); float64(n) > most || n < 3*looks {
				t.Errorf("%d messages were told in %v, %.0f at most may be", n, d, most)
			}
		},
	},
	"max-line": {
		func(c *config) { c.limits.line = 16 },
		eachTime(func(t *testing.T, v *visitor) {
			v.say(strings.Repeat("x", 17))
			expectLine(t, v.out, "! line too long: at most 16 bytes")
		}),
	},
	"max-fragments": {
		func(c *config) { c.limits.fragments = 2 },
		func(t *testing.T, s *server, door string) {
			if door == "tcp" { // which has none
				return
			}
			for range 5 {
				c := upgrade(t, s.http, "/ws", "partyline.text.v1")
				c.SetDeadline(time.Now().Add(patience))
				io.WriteString(c, "\x01\x81\x00\x00\x00\x00x"+"\x00\x81\x00\x00\x00\x00x"+"\x80\x81\x00\x00\x00\x00x")
				if got, _ := io.ReadAll(c); !strings.Contains(string(got), "\x03\xf0") { // 1008
					t.Errorf("three frames are answered with %q", got)
				}
			}
		},
	},
	"max-members":     {func(c *config) { c.limits.members = 3 }, atOnce(3, "")},
	"max-per-address": {func(c *config) { c.limits.perAddress = 3 }, atOnce(3, "")},
	"max-rooms":       {func(c *config) { c.limits.rooms = 4 }, atOnce(3, "/join room-%d")}, // beside the lobby
	"max-arrivals": {
		func(c *config) { c.limits.arrivals = 6 },
		func(t *testing.T, s *server, door string) {
			n, d := cameByReconnecting(t, s, door, func(*visitor, int) bool { return true })
			if most := 6 + 6*d.Minutes(); float64(n) > most || n < 6 {
				t.Errorf("%d came in %v, %.1f at most may", n, d, most)
			}
		},
	},
	"max-new-rooms": {
		func(c *config) { c.limits.newRooms = 4 },
		func(t *testing.T, s *server, door string) {
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
		func(c *config) { c.limits.window, c.keep.messages = 64, 10 },
		keepsLittle("/join lobby"),
	},
	"max-backlog": {
		func(c *config) { c.limits.backlog, c.keep.messages, c.limits.newRooms = 1, 10, 0 },
		keepsLittle("/join room-%d"),
	},
	"write-timeout": {
		func(c *config) { c.limits.write = 100 * time.Millisecond },
		func(t *testing.T, s *server, door string) {
			w := forward(t, s, "tcp", bystander)
			w.first(t)
			for range 3 {
				v := dial(t, s.tcp)
				v.SetReadBuffer(4096)
				fmt.Fprintf(v, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n", attacker)
				nick := expectLine(t, w.out, `\* (\S+) has arrived`)[0]
				go io.WriteString(v, strings.Repeat("/help\n", 20_000)) // and reads nothing
				expectLine(t, w.out, `\* `+nick+` has left`)
				v.Close()
			}
		},
	},
	"max-header": {
		func(c *config) { c.limits.header = 8 },
		func(t *testing.T, s *server, door string) {
			for range 5 {
				c := dial(t, s.http)
				c.SetDeadline(time.Now().Add(patience))
				fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", 8<<10))
				if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != 431 {
					t.Errorf("%v, %v", res, err)
				}
			}
		},
	},
	"header-timeout": {
		func(c *config) { c.limits.headerTime = 50 * time.Millisecond },
		func(t *testing.T, s *server, door string) {
			addr, begin := s.tcp, "PROXY TCP4 "
			if door == "ws" {
				addr, begin = s.http, "GET / HTTP/1.1\r\n"
			}
			for range 5 {
				c := dial(t, addr)
				c.SetDeadline(time.Now().Add(patience))
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
