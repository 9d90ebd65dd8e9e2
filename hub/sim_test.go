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
	simSeed  = flag.Uint64("sim.seed", 0, "run the story of this seed alone")
	simCrowd = flag.Int("sim.crowd", 15, "members that a story has beside two, at most")
	simTime  = flag.Duration("sim.time", 20*time.Second, "how long to run stories")
)

// hung is how long a story may take before it counts as hung: nothing in it waits for real
// time.
const hung = 5 * time.Minute

// TestSimulation runs stories of members that talk, change rooms and formats, break, freeze
// and come back, over connections and journals that fail, and compares what each was sent
// with the order of its room. `-args -sim.seed N` runs one story again.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		tell(t, *simSeed)
		return
	}
	limit := *simTime
	if testing.Short() {
		limit = min(limit, time.Second)
	}
	n := 0
	seed := uint64(time.Now().UnixNano()) % 1e12
	for begun := time.Now(); time.Since(begun) < limit && !t.Failed(); n++ {
		seed++
		tell(t, seed)
	}
	t.Logf("%d stories, the last of seed %d", n, seed)
}

// tell runs one story, with a watchdog outside of its bubble.
func tell(t *testing.T, seed uint64) {
	t.Helper()
	watchdog := time.AfterFunc(hung, func() {
		stacks := make([]byte, 1<<22)
		stacks = stacks[:runtime.Stack(stacks, true)]
		fmt.Fprintf(os.Stderr, "the story of -sim.seed %d hangs:\n%s\n", seed, stacks)
		os.Exit(2)
	})
	defer watchdog.Stop()
	if wrong := runStory(t, seed); len(wrong) > 0 {
		t.Errorf("-sim.seed %d:\n%s", seed, strings.Join(wrong, "\n"))
	}
}
