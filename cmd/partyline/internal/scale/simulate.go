package main

import (
	"math/rand/v2"
	"time"

	"partyline/hub/wire"
)

// A simulation sends messages and changes of members through the parts. It has all streams and all NATS servers, and a
// sample of the partylines, which are alike. A partyline is a client of the NATS server with its number modulo nats.
type simulation struct {
	*world
	clock   clock
	rng     *rand.Rand
	nodes   []*node
	servers []*server
	streams []*part // each takes one message at a time
	names   *part   // the stream of the bucket

	memberBytes   int // of a message to a member, with the headers of its packet
	presenceBytes int

	said, stored, changes int
	heard, wanted         int // messages that simulated partylines received, and those of rooms with members there
	delivered             int // messages to members of the simulated partylines
	writes                int // messages and other events to them
	delays                [3][]float64
}

// Stages of a message, from the time at which it was said.
const (
	toStored = iota
	toReceived
	toDelivered
)

// A node is a partyline.
type node struct {
	number    int
	here      []int32 // members of each room
	cpu       *part
	directory *part // the goroutine that notes changes elsewhere
	in, out   *part // the network

	saying, consuming, sweeping, arriving float64 // seconds of the work of cpu
	soon                                  map[int]bool
}

// A server is a NATS server.
type server struct {
	clients int
	cpu     *part
	out     *part
	disk    *part
	sending float64 // seconds of the work of cpu
}

// The keys of jobs. Those of streams, of groups of clients and of the shards of rooms follow them.
const (
	keySay = iota
	keyNames
	keyFirst
)

func newSimulation(w *world, rng *rand.Rand) *simulation {
	s := &simulation{world: w, rng: rng}
	s.duration = min(s.duration, maxArrivals/s.arrivals())
	for n := range w.sample {
		s.nodes = append(s.nodes, &node{
			number: n, here: w.here[n], soon: make(map[int]bool),
			cpu: newPart(&s.clock, w.cores), directory: newPart(&s.clock, 1), in: newPart(&s.clock, 1), out: newPart(&s.clock, 1),
		})
	}
	for n := range w.nats {
		clients := (w.nodes + w.nats - 1 - n) / w.nats
		s.servers = append(s.servers, &server{clients: clients, cpu: newPart(&s.clock, w.cores), out: newPart(&s.clock, 1), disk: newPart(&s.clock, 1)})
	}
	for range w.partitions {
		s.streams = append(s.streams, newPart(&s.clock, 1))
	}
	s.names = newPart(&s.clock, 1)
	at := time.Unix(1_800_000_000, 0)
	m := &wire.Message{ID: 1 << 50, At: at, Room: "room-12345", From: "guest-123456", Via: "ws"}
	s.memberBytes = len(m.AppendJSON(nil)) + w.bytes + packet
	s.presenceBytes = len((&wire.Presence{At: at, Room: "room-12345", Arrived: 10, Left: 10, Count: 10_000}).AppendJSON(nil)) + packet
	return s
}

// transfer is the cost of bytes on a network.
func (s *simulation) transfer(bytes float64) cost { return cost{each: bytes * 8 / (s.network * 1e9)} }

// run simulates members for the duration, and then what is still on its way.
func (s *simulation) run() {
	s.poisson(float64(s.members)*s.rate, s.say)
	s.poisson(float64(s.members)/s.session, func() { s.name(func(room, from int) { s.arrive(from); s.change(room) }) })
	s.poisson(float64(s.members)/s.session, func() { s.name(func(room, _ int) { s.change(room) }) })
	s.poisson(float64(s.members)/refresh, func() { s.name(func(int, int) {}) })
	for n := range s.world.nodes {
		for t := float64(n) * beat / float64(s.world.nodes); t < s.duration; t += beat {
			s.clock.at(t, func() {
				s.send(natsHeader+100, 1, func(n *node) { n.directory.add(0, costOf(followWake, changeEach), nil) })
			})
		}
	}
	s.clock.run()
}

// poisson calls do at random times, so often in a second.
func (s *simulation) poisson(rate float64, do func()) {
	if rate == 0 {
		return
	}
	var next func()
	next = func() {
		if t := s.clock.now + s.rng.ExpFloat64()/rate; t < s.duration {
			s.clock.at(t, func() { do(); next() })
		}
	}
	next()
}

// say makes a random member say a message.
func (s *simulation) say() {
	s.said++
	began, room := s.clock.now, s.roomOf(s.rng.IntN(s.members))
	c := costOf(sayWake, sayEach)
	publish := func() {
		s.streams[s.partition[room]].add(noKey, s.streamTime(streamTime1, streamTime3), func() { s.store(room, began) })
	}
	if from := s.rng.IntN(s.world.nodes); from < s.sample {
		s.nodes[from].use(&s.nodes[from].saying, keySay, c, publish)
	} else {
		s.clock.at(began+c.wake+c.each, publish)
	}
}

// streamTime returns the time between two items of a stream that has always one to store.
func (s *simulation) streamTime(one, three figure) cost {
	if s.replicas == 1 {
		return cost{each: one.seconds()}
	}
	return cost{each: three.seconds()}
}

// use adds an item to the cores, and its work to a sum.
func (n *node) use(sum *float64, key int, c cost, done func()) {
	before := n.cpu.work
	n.cpu.add(key, c, done)
	*sum += n.cpu.work - before
}

// keep stores an item on the replicas of a stream. done is called when the leader has stored it.
func (s *simulation) keep(leader, key int, c cost, bytes float64, done func()) {
	for r := range s.replicas {
		replica := s.servers[(leader+r)%s.nats]
		replica.disk.add(noKey, cost{each: bytes / (s.disk * 1e6)}, nil)
		replica.cpu.add(key, c, done)
		done = nil
	}
}

// store stores a message, and sends it to all partylines.
func (s *simulation) store(room int, began float64) {
	p := s.partition[room]
	c, written := costOf(storeWake1, storeEach1), writtenOnce.value+float64(s.bytes)
	if s.replicas > 1 {
		c, written = costOf(storeWake3, storeEach3), written*writtenTimes.value
	}
	s.keep(p%s.nats, s.keyOfStream(p), c, written, func() {
		s.stored++
		s.delays[toStored] = append(s.delays[toStored], s.clock.now-began)
		// A consumer is on one server, and most of its clients are on others.
		hops := 1 + float64(s.nats-1)/float64(s.nats)
		s.send(followBytes.value+float64(s.bytes), hops, func(n *node) { s.receive(n, room, began) })
	})
}

func (s *simulation) keyOfStream(p int) int { return keyFirst + p }
func (s *simulation) keyOfGroup(g int) int  { return keyFirst + s.partitions + g }
func (s *simulation) keyOfShard(room, i int) int {
	return keyFirst + s.partitions + room*s.cores + i
}

// send sends bytes from NATS to all partylines. Each NATS server sends hops times to each of its clients. It serves its
// clients in as many groups as it has cores. The simulated partylines are in the first one.
func (s *simulation) send(bytes, hops float64, arrive func(*node)) {
	for i, from := range s.servers {
		groups := min(s.cores, from.clients)
		for g := range groups {
			var done func()
			if g == 0 {
				done = func() {
					from.out.add(noKey, s.transfer(bytes*hops*float64(from.clients)), func() {
						for n := i; n < s.sample; n += s.nats {
							s.nodes[n].in.add(noKey, s.transfer(bytes), func() { arrive(s.nodes[n]) })
						}
					})
				}
			}
			before := from.cpu.work
			from.cpu.add(s.keyOfGroup(g), costOf(sendWake, sendEach).times(hops*float64(from.clients)/float64(groups)), done)
			from.sending += from.cpu.work - before
		}
	}
}

// receive delivers a message to the members of a partyline.
func (s *simulation) receive(n *node, room int, began float64) {
	n.use(&n.consuming, s.keyOfStream(s.partition[room]), costOf(followWake, followEach), func() {
		s.heard++
		s.delays[toReceived] = append(s.delays[toReceived], s.clock.now-began)
		if n.here[room] == 0 {
			return
		}
		s.wanted++
		s.sweep(n, room, s.memberBytes, func() {
			s.delivered += int(n.here[room])
			s.delays[toDelivered] = append(s.delays[toDelivered], s.clock.now-began)
		})
	})
}

// sweep writes an event to the members of a room, on several cores if there are many.
func (s *simulation) sweep(n *node, room, bytes int, done func()) {
	members := int(n.here[room])
	s.writes += members
	shards := min(s.cores, (members+shard-1)/shard)
	left := shards
	for i := range shards {
		share := float64(members) / float64(shards)
		n.use(&n.sweeping, s.keyOfShard(room, i), costOf(writeWake, writeEach).times(share), func() {
			if left--; left == 0 {
				n.out.add(noKey, s.transfer(float64(members*bytes)), done)
			}
		})
	}
}

// name writes the entry of the name of a random member, and calls done with its room and its partyline.
func (s *simulation) name(done func(room, from int)) {
	room, from := s.roomOf(s.rng.IntN(s.members)), s.rng.IntN(s.world.nodes)
	s.names.add(noKey, s.streamTime(claimTime1, claimTime3), func() {
		c, written := costOf(storeWake1, claimNATS1), writtenOnce.value+100
		if s.replicas > 1 {
			c, written = costOf(storeWake3, claimNATS3), written*writtenTimes.value
		}
		s.keep(0, keyNames, c, written, func() { done(room, from) })
	})
}

// arrive counts what a member costs its partyline.
func (s *simulation) arrive(from int) {
	if from < s.sample {
		s.nodes[from].use(&s.nodes[from].arriving, noKey, cost{each: arriveCPU.seconds() + claimCPU.seconds()}, nil)
	}
}

// change tells all partylines of a join or a leave.
func (s *simulation) change(room int) {
	s.changes++
	s.send(changeBytes.value+natsHeader, 1, func(n *node) {
		members := float64(n.here[room])
		n.directory.add(0, cost{followWake.seconds(), changeEach.seconds() + members*scanEach.seconds()}, func() { s.tell(n, room) })
	})
}

// tell tells the members of a room of a change: at once in a small room, and once a second in a large one.
func (s *simulation) tell(n *node, room int) {
	switch {
	case n.here[room] == 0 || n.soon[room]:
	case s.sizes[room] < presenceBatch:
		s.sweep(n, room, s.presenceBytes, nil)
	default:
		n.soon[room] = true
		s.clock.at(s.clock.now+1, func() {
			delete(n.soon, room)
			s.sweep(n, room, s.presenceBytes, nil)
		})
	}
}
