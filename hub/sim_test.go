package hub

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

var (
	simSeed    = flag.Uint64("sim.seed", 0, "run only the simulation of this seed")
	simMembers = flag.Int("sim.members", 15, "maximum number of members, besides two, of a simulation")
	simTime    = flag.Duration("sim.time", 20*time.Second, "how long to run simulations")
)

// hangTimeout is how long a simulation may take. It waits for nothing in real time.
const hangTimeout = 5 * time.Minute

// TestSimulation runs simulations of members that talk, change rooms and formats, disconnect,
// stop reading and resume, over connections and journals that fail. It compares what each
// member received with the order of its rooms. The arguments -args -sim.seed N run one
// simulation again.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		runSeed(t, *simSeed)
		return
	}
	limit := *simTime
	if testing.Short() {
		limit = min(limit, time.Second)
	}
	n := 0
	seed := uint64(time.Now().UnixNano()) % 1e12
	for start := time.Now(); time.Since(start) < limit && !t.Failed(); n++ {
		seed++
		runSeed(t, seed)
	}
	t.Logf("%d simulations, the last of seed %d", n, seed)
}

// runSeed runs one simulation, with a watchdog outside of its bubble.
func runSeed(t *testing.T, seed uint64) {
	t.Helper()
	watchdog := time.AfterFunc(hangTimeout, func() {
		stacks := make([]byte, 1<<22)
		stacks = stacks[:runtime.Stack(stacks, true)]
		fmt.Fprintf(os.Stderr, "the simulation of -sim.seed %d hangs:\n%s\n", seed, stacks)
		os.Exit(2)
	})
	defer watchdog.Stop()
	if wrong := simulate(t, seed); len(wrong) > 0 {
		t.Errorf("-sim.seed %d:\n%s", seed, strings.Join(wrong, "\n"))
	}
}
