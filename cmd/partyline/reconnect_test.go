package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/spf13/pflag"
)

// A visitor is a member in text, over either door, that a proxy forwards for an address.
type visitor struct {
	out *feed[string]
	say func(lines ...string)
	end func() // breaks the connection
}

// attacker is the address that reconnects, bystander another one.
const attacker, bystander = "203.0.113.7", "198.51.100.1"

// forward connects for an address over a door. A WebSocket that is refused hears why in its
// only line, as a TCP connection does.
func forward(t *testing.T, s *server, door, addr string) *visitor {
	v := &visitor{out: newFeed[string]()}
	if door == "tcp" {
		conn := dial(t, s.tcp)
		fmt.Fprintf(conn, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n", addr)
		go readLines(conn, v.out)
		v.say = func(lines ...string) { io.WriteString(conn, strings.Join(lines, "\n")+"\n") }
		v.end = func() { conn.SetLinger(0); conn.Close() }
		return v
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	ws, res, err := websocket.Dial(ctx, "ws://"+s.http+"/ws", &websocket.DialOptions{HTTPHeader: http.Header{"X-Forwarded-For": {addr}}})
	if err != nil {
		cancel()
		if res == nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		v.out.add("! " + strings.TrimSpace(string(body)))
		v.say, v.end = func(...string) {}, func() {}
		return v
	}
	v.say = func(lines ...string) {
		for _, line := range lines {
			ws.Write(ctx, websocket.MessageText, []byte(line))
		}
	}
	v.end = func() { ws.CloseNow(); cancel() }
	t.Cleanup(v.end)
	ws.SetReadLimit(-1)
	go func() {
		for {
			_, line, err := ws.Read(ctx)
			if err != nil {
				v.out.finish(err)
				return
			}
			v.out.add(string(line))
		}
	}()
	return v
}

// first returns the first line that a visitor gets: the welcome, or why it can't come in.
func (v *visitor) first(t *testing.T) (line string, in bool) {
	t.Helper()
	line = expectLine(t, v.out, `(\* You are .*|! .*)`)[0]
	return line, strings.HasPrefix(line, "* ")
}

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

// TestReconnecting has one address connect again and again, over each door, and try to get
// around each limit that has a flag.
func TestReconnecting(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(limits).addFlags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		a, ok := attempts[f.Name]
		if !ok {
			t.Errorf("--%s has no attempt to get around it", f.Name)
		}
		for _, door := range []string{"tcp", "ws"} {
			if a == nil {
				continue
			}
			t.Run(f.Name+"/"+door, func(t *testing.T) {
				s := startServer(t, func(c *config) {
					c.limits.proxies = []string{"127.0.0.1"}
					c.limits.arrivals = 0
					a.edit(c)
				})
				a.try(t, s, door)
			})
		}
	})
}

// cameByReconnecting connects 30 times, one after the other, and returns how often that
// brought what is wanted, and how long it took.
func cameByReconnecting(t *testing.T, s *server, door string, wanted func(v *visitor, i int) bool) (n int, took time.Duration) {
	t.Helper()
	began := time.Now()
	for i := range 30 {
		v := forward(t, s, door, attacker)
		if _, in := v.first(t); in && wanted(v, i) {
			n++
		}
		v.end()
	}
	return n, time.Since(began)
}

// saidByReconnecting connects 30 times and says a line until it is slowed. It returns how
// many lines with an end came of that: to the room, or to the visitor itself if the end is
// empty.
func saidByReconnecting(t *testing.T, s *server, door, line, end string) (n int, took time.Duration) {
	t.Helper()
	w := forward(t, s, "tcp", bystander)
	w.first(t)
	_, took = cameByReconnecting(t, s, door, func(v *visitor, _ int) bool {
		lines := make([]string, 60)
		for i := range lines {
			lines[i] = line
		}
		v.say(lines...)
		expectLine(t, v.out, "-- you are being slowed: .* --")
		if end == "" {
			n += v.out.count(func(line string) bool { return strings.HasSuffix(line, ": x") })
		}
		return true
	})
	if end != "" {
		w.say("the end")
		expectLine(t, w.out, ".*: the end")
		n = w.out.count(func(line string) bool { return strings.HasSuffix(line, end) })
	}
	return n, took
}

// eachTime connects 5 times and tries the same.
func eachTime(try func(t *testing.T, v *visitor)) func(*testing.T, *server, string) {
	return func(t *testing.T, s *server, door string) {
		for range 5 {
			v := forward(t, s, door, attacker)
			v.first(t)
			try(t, v)
			v.end()
		}
	}
}

// atOnce connects more often than is let in, says something that has to bring a welcome if
// it says anything, and leaves: again and again. No more than most are in at once, and so
// many are in the end.
func atOnce(most int, line string) func(*testing.T, *server, string) {
	return func(t *testing.T, s *server, door string) {
		full := eventually(func() bool {
			var visitors []*visitor
			n := 0
			for i := range most + 3 {
				v := forward(t, s, door, attacker)
				visitors = append(visitors, v)
				_, in := v.first(t)
				if in && line != "" {
					v.say(fmt.Sprintf(line, i))
					_, in = v.first(t)
				}
				if in {
					n++
				}
			}
			for _, v := range visitors {
				v.end()
			}
			if n > most {
				t.Errorf("%d are in at once, %d at most may be", n, most)
			}
			return n == most
		})
		if !full {
			t.Errorf("there are never %d in", most)
		}
	}
}

// keepsLittle has a room flooded while somebody in it reads nothing and breaks then, again
// and again: the server keeps none of it.
func keepsLittle(join string) func(*testing.T, *server, string) {
	return func(t *testing.T, s *server, door string) {
		heap := func() int64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		const rounds, lines = 6, 100
		before := heap()
		for i := range rounds {
			join := strings.Replace(join, "%d", fmt.Sprint(i), 1)
			talker := forward(t, s, door, attacker)
			talker.first(t)
			talker.say(join)
			talker.first(t)
			deaf := dial(t, s.tcp)
			deaf.SetReadBuffer(4096)
			fmt.Fprintf(deaf, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n%s\n", attacker, join)
			for range lines {
				talker.say(strings.Repeat("x", 4000))
			}
			talker.say("the end")
			expectLine(t, talker.out, ".*: the end")
			talker.end()
			deaf.SetLinger(0)
			deaf.Close()
		}
		if grown := heap() - before; !raceEnabled && grown > rounds*lines*4000/2 {
			t.Errorf("%d KiB are kept of %d", grown>>10, rounds*lines*4000>>10)
		}
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}
