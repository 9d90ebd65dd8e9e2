package abuse

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestReconnecting checks over each transport that one address can't exceed a limit by reconnecting. It
// covers each limit that has a flag.
func TestReconnecting(t *testing.T) {
	harness.SkipIfShort(t)
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(app.Limits).AddFlags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		a, ok := attempts[f.Name]
		if !ok {
			t.Errorf("attempts has no entry for --%s", f.Name)
		}
		for _, transport := range []string{"tcp", "ws"} {
			if a == nil {
				continue
			}
			t.Run(f.Name+"/"+transport, func(t *testing.T) {
				s := harness.StartServer(t, func(c *app.Config) {
					c.Limits.Proxies = []string{"127.0.0.1"}
					c.Limits.MaxArrivals = 0
					a.edit(c)
				})
				a.try(t, s, transport)
			})
		}
	})
}

// admittedByReconnecting connects 30 times, one connection at a time. It returns how many connections
// were admitted and accepted by ok, and how long that took.
func admittedByReconnecting(t *testing.T, s *harness.Server, transport string, ok func(c *proxiedClient, i int) bool) (n int, took time.Duration) {
	t.Helper()
	start := time.Now()
	for i := range 30 {
		c := dialProxied(t, s, transport, attacker)
		if _, in := c.first(t); in && ok(c, i) {
			n++
		}
		c.end()
	}
	return n, time.Since(start)
}

// deliveredByReconnecting connects 30 times and says line until the server slows the client. It returns
// how many lines that end in suffix the room received. If suffix is empty, it counts the messages that
// the client itself received.
func deliveredByReconnecting(t *testing.T, s *harness.Server, transport, line, suffix string) (n int, took time.Duration) {
	t.Helper()
	observer := dialProxied(t, s, "tcp", bystander)
	observer.first(t)
	_, took = admittedByReconnecting(t, s, transport, func(c *proxiedClient, _ int) bool {
		lines := make([]string, 60)
		for i := range lines {
			lines[i] = line
		}
		c.say(lines...)
		harness.ExpectLine(t, c.out, "-- you are being slowed: .* --")
		if suffix == "" {
			n += c.out.Count(func(line string) bool { return strings.HasSuffix(line, ": x") })
		}
		return true
	})
	if suffix != "" {
		observer.say("the end")
		harness.ExpectLine(t, observer.out, ".*: the end")
		n = observer.out.Count(func(line string) bool { return strings.HasSuffix(line, suffix) })
	}
	return n, took
}

// onEachConnection returns an attempt that connects 5 times and calls try for each connection.
func onEachConnection(try func(t *testing.T, c *proxiedClient)) func(*testing.T, *harness.Server, string) {
	return func(t *testing.T, s *harness.Server, transport string) {
		for range 5 {
			c := dialProxied(t, s, transport, attacker)
			c.first(t)
			try(t, c)
			c.end()
		}
	}
}

// limitsConcurrent returns an attempt that repeatedly opens limit+3 connections and closes them. If line
// is not empty, each connection says it and must receive a welcome. At most limit connections may be
// admitted at the same time, and that number must be reached.
func limitsConcurrent(limit int, line string) func(*testing.T, *harness.Server, string) {
	return func(t *testing.T, s *harness.Server, transport string) {
		full := harness.Eventually(func() bool {
			var clients []*proxiedClient
			n := 0
			for i := range limit + 3 {
				c := dialProxied(t, s, transport, attacker)
				clients = append(clients, c)
				_, in := c.first(t)
				if in && line != "" {
					c.say(fmt.Sprintf(line, i))
					_, in = c.first(t)
				}
				if in {
					n++
				}
			}
			for _, c := range clients {
				c.end()
			}
			if n > limit {
				t.Errorf("%d connections were admitted at the same time, want at most %d", n, limit)
			}
			return n == limit
		})
		if !full {
			t.Errorf("the server never admitted %d connections at the same time", limit)
		}
	}
}

// boundsMemory returns an attempt that repeatedly floods a room in which a member does not read, and then
// resets that member's connection. The server must free what it buffered for the member.
func boundsMemory(join string) func(*testing.T, *harness.Server, string) {
	return func(t *testing.T, s *harness.Server, transport string) {
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
			talker := dialProxied(t, s, transport, attacker)
			talker.first(t)
			talker.say(join)
			talker.first(t)
			frozen := harness.Dial(t, s.TCP)
			frozen.SetReadBuffer(4096)
			fmt.Fprintf(frozen, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n%s\n", attacker, join)
			for range lines {
				talker.say(strings.Repeat("x", 4000))
			}
			talker.say("the end")
			harness.ExpectLine(t, talker.out, ".*: the end")
			talker.end()
			frozen.SetLinger(0)
			frozen.Close()
		}
		if grown := heap() - before; !harness.RaceEnabled && grown > rounds*lines*4000/2 {
			t.Errorf("the heap grew by %d KiB after %d KiB of messages", grown>>10, rounds*lines*4000>>10)
		}
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}
