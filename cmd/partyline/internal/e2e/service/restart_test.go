//go:build unix

package service

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
)

// restartsEnv is the environment variable with the number of restarts in TestRestarts. `make restarts`
// sets it.
const restartsEnv = "RESTARTS"

// TestRestarts ends the server and starts it again, time after time, while members talk. In the end each
// member has received every message once and in order, and those that were acknowledged under the id of
// the acknowledgement. If the server inherits its sockets, no connection is refused in the meantime, and
// each HTTP request is answered, also behind nginx.
func TestRestarts(t *testing.T) {
	t.Parallel()
	restarts, err := strconv.Atoi(os.Getenv(restartsEnv))
	if err != nil {
		if restarts = 5; testing.Short() {
			restarts = 2
		}
	}
	for name, c := range map[string]struct{ inherits, proxied bool }{
		"inherited sockets":               {inherits: true},
		"inherited sockets, behind nginx": {inherits: true, proxied: true},
		"behind nginx":                    {proxied: true},
	} {
		if testing.Short() && name != "inherited sockets" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testRestarts(t, restarts, c.inherits, c.proxied)
		})
	}
}

func testRestarts(t *testing.T, restarts int, inherits, proxied bool) {
	// On a busy machine all takes longer, and so there are more messages, too.
	ctx, cancel := context.WithTimeout(t.Context(), 3*harness.Patience*time.Duration(1+restarts))
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	s := newRestarting(t, inherits, proxied, "--data", t.TempDir(), "--history", "10000000", "--rate", "0")
	p := s.start(t)
	chat, web := s.chat, s.web
	if proxied {
		n := proxies.Nginx.Start(t, &harness.Server{TCP: s.chat, HTTP: s.web}, proxies.NginxSendsPROXY)
		chat, web = n.TCP, n.HTTP
	}
	var members []*harness.Talker
	for i := range 10 {
		members = append(members, harness.JoinTalker(ctx, t, len(members), []string{"tcp://" + chat, "ws://" + web + "/ws"}[i%2]))
	}
	talking, stop := context.WithCancel(ctx)
	defer stop()
	for _, m := range members {
		running.Go(func() { m.Talk(ctx, t, talking.Done()) })
	}
	visits := &visits{}
	for range 3 {
		running.Go(func() { visits.overTCP(chat, talking.Done()) })
		running.Go(func() { visits.overHTTP(web, talking.Done()) })
	}

	var longest time.Duration
	for i := range restarts {
		for _, m := range members {
			m.Await(t, fmt.Sprint("welcome ", i+1), func() bool { return m.Welcomes.Load() > int64(i) })
		}
		acked := members[0].Acks.Load()
		members[0].Await(t, "ack", func() bool { return members[0].Acks.Load() > acked })
		begin := time.Now()
		p.Stop(t)
		p = s.start(t)
		longest = max(longest, time.Since(begin))
	}
	stop()
	running.Wait()
	harness.CheckTalkers(ctx, t, members)
	p.Stop(t)
	t.Logf("%d restarts, each at most %v; %d messages; %s", restarts, longest.Round(time.Millisecond), len(members[0].Received), visits)
	if inherits {
		visits.check(t)
	}
}
