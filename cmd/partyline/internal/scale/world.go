package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"

	"partyline/hub/history/jetstream"
)

// A config describes the servers and what their members do.
type config struct {
	nodes, members, rooms int
	rate                  float64 // messages a second of a member
	session               float64 // s for which a member stays
	zipf                  float64 // the room of rank r has a size in proportion to 1/r^zipf
	bytes                 int     // of the text of a message

	partitions, replicas, nats int

	cores   int     // of each machine
	network float64 // Gbit/s of each machine, in each direction
	memory  float64 // GB of each machine
	disk    float64 // MB/s of each machine of NATS

	duration float64 // s of talk; less if there are more than maxArrivals
	sample   int     // partylines that are simulated
	seed     uint64
}

// maxArrivals bounds the messages, changes and names in a simulation.
const maxArrivals = 150_000

func (c *config) check() error {
	for name, n := range map[string]int{"nodes": c.nodes, "members": c.members, "rooms": c.rooms, "partitions": c.partitions, "nats": c.nats, "cores": c.cores, "sample": c.sample} {
		if n < 1 {
			return fmt.Errorf("-%s is %d, and must be at least 1", name, n)
		}
	}
	for name, x := range map[string]float64{"session": c.session, "network": c.network, "memory": c.memory, "disk": c.disk, "time": c.duration} {
		if !(x > 0) {
			return fmt.Errorf("-%s is %g, and must be greater than 0", name, x)
		}
	}
	switch {
	case c.replicas != 1 && c.replicas != 3:
		return fmt.Errorf("-replicas is %d, and only 1 and 3 have been measured", c.replicas)
	case c.replicas > c.nats:
		return fmt.Errorf("%d NATS servers can't have %d replicas", c.nats, c.replicas)
	case !(c.rate >= 0), c.zipf < 0 || c.zipf > 2, c.bytes < 1:
		return fmt.Errorf("-rate %g, -zipf %g or -bytes %d is out of range", c.rate, c.zipf, c.bytes)
	}
	return nil
}

// A world has the rooms, and the members of those partylines that are simulated.
type world struct {
	config
	sizes     []int     // members of each room
	ends      []int     // the sums of the sizes up to each room
	partition []int     // of each room
	here      [][]int32 // members of each room, for each simulated partyline
}

// newWorld places each member on a random partyline.
func newWorld(c config, rng *rand.Rand) *world {
	c.sample = min(c.sample, c.nodes)
	w := &world{config: c, sizes: make([]int, c.rooms), ends: make([]int, c.rooms), partition: make([]int, c.rooms)}
	total := 0.0
	for r := range c.rooms {
		total += math.Pow(float64(r+1), -c.zipf)
	}
	sum := 0.0
	for r := range c.rooms {
		sum += math.Pow(float64(r+1), -c.zipf)
		w.ends[r] = int(math.Round(sum / total * float64(c.members)))
		w.sizes[r] = w.ends[r]
		if r > 0 {
			w.sizes[r] -= w.ends[r-1]
		}
		w.partition[r] = jetstream.PartitionOf(fmt.Sprint("room-", r+1), c.partitions)
	}
	for range c.sample {
		w.here = append(w.here, make([]int32, c.rooms))
	}
	for r, size := range w.sizes {
		for range size {
			if n := rng.IntN(c.nodes); n < c.sample {
				w.here[n][r]++
			}
		}
	}
	return w
}

// roomOf returns the room of a member.
func (w *world) roomOf(member int) int { return sort.SearchInts(w.ends, member+1) }

// arrivals is how many messages, changes and names there are in a second.
func (w *world) arrivals() float64 {
	return float64(w.members) * (w.rate + 2/w.session + 1.0/refresh)
}
