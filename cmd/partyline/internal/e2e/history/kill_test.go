package history

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// killsEnv is the environment variable with the number of kills in TestKilled. `make kills` sets
// it.
const killsEnv = "KILLS"

// TestKilled kills the program repeatedly while four senders send messages. After each restart they
// repeat the messages that were not acknowledged. In the end the history has each message once, under
// the id that the senders received.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds, err := strconv.Atoi(os.Getenv(killsEnv))
	if err != nil {
		if rounds = 20; testing.Short() {
			rounds = 3
		}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	args := []string{"--data", t.TempDir(), "--history", "10000000", "--rate", "0"}
	senders := newSenders(4)
	for range rounds {
		if rnd.IntN(4) == 0 { // kill the program while it starts
			p := harness.StartPartyline(t, nil, append([]string{"--tcp", "127.0.0.1:0", "--http", ""}, args...)...)
			time.Sleep(time.Duration(rnd.IntN(200)) * time.Millisecond)
			p.Kill(t)
		}
		p := harness.StartProgram(t, args...)
		enough := int64(rnd.IntN(400))
		running := startSenders(t, p, senders)
		if !harness.Eventually(func() bool { return running.acks.Load() >= enough }) {
			t.Fatalf("%d acks of %d arrived; the program logged\n%s", running.acks.Load(), enough, p.Err)
		}
		time.Sleep(time.Duration(rnd.IntN(5000)) * time.Microsecond) // a random moment
		running.expectEnd.Store(true)
		p.Kill(t)
		running.Wait()
		checkStored(t, onDisk(t, args[1], "lobby"), senders)
	}

	p := harness.StartProgram(t, args...)
	running := startSenders(t, p, senders)
	running.finishing.Store(true)
	running.Wait()
	p.Stop(t)
	log := onDisk(t, args[1], "lobby")
	checkStored(t, log, senders)
	total := 0
	for _, s := range senders {
		if total += s.said; len(s.acked) != s.said {
			t.Errorf("%d of %d messages of sender %d are acknowledged", len(s.acked), s.said, s.number)
		}
	}
	if len(log) != total {
		t.Errorf("history has %d messages of %d", len(log), total)
	}
	t.Logf("%d kills, %d messages", rounds, total)
}

// A program that is killed while it creates its files can start again.
func TestKilledAtFirst(t *testing.T) {
	t.Parallel()
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	for range rounds {
		dir := t.TempDir()
		p := harness.StartPartyline(t, nil, "--tcp", "127.0.0.1:0", "--http", "", "--data", dir)
		if !harness.Eventually(func() bool { files, _ := os.ReadDir(dir); return len(files) > 1 }) {
			t.Fatalf("no files appeared; the program logged\n%s", p.Err)
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // a random moment
		p.Kill(t)
		harness.StartProgram(t, "--data", dir).Stop(t)
	}
}
