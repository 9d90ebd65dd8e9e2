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

// TestReconnecting has one address connect again and again, over each door, and try to get
// around each limit that has a flag.
func TestReconnecting(t *testing.T) {
	harness.Long(t)
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(app.Limits).AddFlags(flags)
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
				s := harness.StartServer(t, func(c *app.Config) {
					c.Limits.Proxies = []string{"127.0.0.1"}
					c.Limits.MaxArrivals = 0
					a.edit(c)
				})
				a.try(t, s, door)
			})
		}
	})
}

// cameByReconnecting connects 30 times, one after the other, and returns how often that
// brought what is wanted, and how long it took.
func cameByReconnecting(t *testing.T, s *harness.Server, door string, wanted func(v *visitor, i int) bool) (n int, took time.Duration) {
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
func saidByReconnecting(t *testing.T, s *harness.Server, door, line, end string) (n int, took time.Duration) {
	t.Helper()
	w := forward(t, s, "tcp", bystander)
	w.first(t)
	_, took = cameByReconnecting(t, s, door, func(v *visitor, _ int) bool {
		lines := make([]string, 60)
		for i := range lines {
			lines[i] = line
		}
		v.say(lines...)
		harness.ExpectLine(t, v.out, "-- you are being slowed: .* --")
		if end == "" {
			n += v.out.Count(func(line string) bool { return strings.HasSuffix(line, ": x") })
		}
		return true
	})
	if end != "" {
		w.say("the end")
		harness.ExpectLine(t, w.out, ".*: the end")
		n = w.out.Count(func(line string) bool { return strings.HasSuffix(line, end) })
	}
	return n, took
}

// eachTime connects 5 times and tries the same.
func eachTime(try func(t *testing.T, v *visitor)) func(*testing.T, *harness.Server, string) {
	return func(t *testing.T, s *harness.Server, door string) {
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
func atOnce(most int, line string) func(*testing.T, *harness.Server, string) {
	return func(t *testing.T, s *harness.Server, door string) {
		full := harness.Eventually(func() bool {
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
func keepsLittle(join string) func(*testing.T, *harness.Server, string) {
	return func(t *testing.T, s *harness.Server, door string) {
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
			deaf := harness.Dial(t, s.TCP)
			deaf.SetReadBuffer(4096)
			fmt.Fprintf(deaf, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n%s\n", attacker, join)
			for range lines {
				talker.say(strings.Repeat("x", 4000))
			}
			talker.say("the end")
			harness.ExpectLine(t, talker.out, ".*: the end")
			talker.end()
			deaf.SetLinger(0)
			deaf.Close()
		}
		if grown := heap() - before; !harness.RaceEnabled && grown > rounds*lines*4000/2 {
			t.Errorf("%d KiB are kept of %d", grown>>10, rounds*lines*4000>>10)
		}
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}
