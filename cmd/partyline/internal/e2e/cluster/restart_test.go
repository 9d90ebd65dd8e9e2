//go:build unix

package cluster

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
	"partyline/hub/hubtest/natstest"
)

// TestRestarts ends one of three programs after another and starts it again, while members talk through nginx. In the
// end each member must have received every message once, in the order of its sender, and those that were acknowledged
// under their ids.
func TestRestarts(t *testing.T) {
	needCluster(t)
	rounds := 2
	if n, err := strconv.Atoi(os.Getenv("KILLS")); err == nil {
		rounds = n
	}
	same := func(_ int, args ...string) *harness.Program { return harness.StartProgram(t, args...) }
	t.Run("stopped", func(t *testing.T) { testRestarts(t, rounds, (*harness.Program).Stop, same) })
	t.Run("killed", func(t *testing.T) { testRestarts(t, rounds, killProgram, same) })
}

// TestRollingUpgrade replaces the release before by this one, one program after another, and goes back, while members
// talk as in TestRestarts.
func TestRollingUpgrade(t *testing.T) {
	needCluster(t)
	before := buildBefore(t)
	testRestarts(t, 2, (*harness.Program).Stop, func(round int, args ...string) *harness.Program {
		if round == 1 {
			return harness.StartProgram(t, args...)
		}
		return harness.StartProgramAt(t, before, args...)
	})
}

func killProgram(p *harness.Program, t *testing.T) { p.Kill(t) }

// testRestarts ends each program in each round and starts it again. Round 0 is before the first end.
func testRestarts(t *testing.T, rounds int, end func(*harness.Program, *testing.T), startProgram func(round int, args ...string) *harness.Program) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*harness.Patience*time.Duration(1+3*rounds))
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	servers := natstest.Start(t, 3, "")
	programs, chats, webs := make([]*harness.Program, 3), make([]string, 3), make([]string, 3)
	start := func(i, round int) {
		programs[i] = startProgram(round, flags(servers, "--nats-replicas", "3", "--rate", "0", "--history", "1000000",
			"--max-per-address", "0", "--tcp", chats[i], "--http", webs[i])...)
	}
	for i := range programs {
		chats[i], webs[i] = harness.FreeAddr(t), harness.FreeAddr(t)
		start(i, 0)
		awaitReady(t, programs[i])
	}
	nginx := proxies.Nginx.Start(t, &harness.Server{TCP: chats[0], HTTP: strings.Join(webs, "; server ")}, nil)
	var talkers []*harness.Talker
	for i := range 9 {
		talkers = append(talkers, harness.JoinTalker(ctx, t, i, "ws://"+nginx.HTTP+"/ws"))
	}
	talking, stop := context.WithCancel(ctx)
	defer stop()
	for _, m := range talkers {
		running.Go(func() { m.Talk(ctx, t, talking.Done()) })
	}
	for i := range 3 * rounds {
		for _, m := range talkers {
			acked := m.Acks.Load()
			m.Await(t, "an ack", func() bool { return m.Acks.Load() > acked })
		}
		end(programs[i%3], t)
		start(i%3, 1+i/3)
	}
	stop()
	running.Wait()
	harness.CheckTalkers(ctx, t, talkers)
	welcomes := int64(0)
	for _, m := range talkers {
		welcomes += m.Welcomes.Load()
		if want := fmt.Sprint("member", m.Number()); m.Nick() != want {
			t.Errorf("%s is called %s", want, m.Nick())
		}
	}
	t.Logf("%d ends of a program, %d messages, %d reconnects", 3*rounds, len(talkers[0].Received), int(welcomes)-len(talkers))
}
