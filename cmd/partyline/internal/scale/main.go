// Scale simulates many partylines that share rooms over NATS, and prints which part saturates first. Messages and changes of
// members go through queues, whose times are measured costs of the code: -costs prints them.
//
// All rooms, streams and NATS servers are simulated, but only a sample of the partylines, and a few seconds. Memory, the
// start of a partyline and the loss of one are computed. The same flags give the same output.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
)

func main() {
	var c config
	flag.IntVar(&c.nodes, "nodes", 100, "partylines")
	flag.IntVar(&c.members, "members", 10_000_000, "members")
	flag.IntVar(&c.rooms, "rooms", 100_000, "rooms")
	flag.Float64Var(&c.rate, "rate", 0.001, "messages a second of a member")
	flag.Float64Var(&c.session, "session", 1800, "seconds for which a member stays")
	flag.Float64Var(&c.zipf, "zipf", 0.8, "exponent of the sizes of rooms: 0 for rooms of one size")
	flag.IntVar(&c.bytes, "bytes", 50, "bytes of the text of a message")
	flag.IntVar(&c.partitions, "partitions", 4, "streams of messages")
	flag.IntVar(&c.replicas, "replicas", 3, "replicas of each stream: 1 or 3")
	flag.IntVar(&c.nats, "nats", 3, "NATS servers")
	flag.IntVar(&c.cores, "cores", 8, "cores of a machine")
	flag.Float64Var(&c.network, "network", 10, "Gbit/s of a machine, in each direction")
	flag.Float64Var(&c.memory, "memory", 64, "GB of memory of a machine")
	flag.Float64Var(&c.disk, "disk", 500, "MB/s of the disk of a NATS server")
	flag.Float64Var(&c.duration, "time", 5, "seconds to simulate, at most")
	flag.IntVar(&c.sample, "sample", 4, "partylines to simulate")
	flag.Uint64Var(&c.seed, "seed", 1, "seed of the random numbers")
	costs := flag.Bool("costs", false, "print the costs, and the command that measures each")
	flag.Parse()
	if *costs {
		printCosts(os.Stdout)
		return
	}
	if err := c.check(); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(2)
	}
	simulate(c).print(os.Stdout)
}

// simulate simulates a configuration that is valid.
func simulate(c config) *report {
	rng := rand.New(rand.NewPCG(c.seed, 0))
	s := newSimulation(newWorld(c, rng), rng)
	s.run()
	return newReport(s)
}
