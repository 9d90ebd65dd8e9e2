package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
)

// A row is a part with its load and its capacity.
type row struct {
	part, load, capacity string
	use                  float64 // of the capacity, as simulated
	full                 float64 // the same if each job had very many items: at 1 the part saturates
}

// A report is what a simulation has found.
type report struct {
	rows []row
	s    *simulation
}

// usage returns the use of a part, and that of its items only.
func (s *simulation) usage(p *part) (use, full float64) {
	capacity := s.duration * float64(p.servers)
	return p.work / capacity, p.floor / capacity
}

// mean returns the mean of the usages of some parts.
func (s *simulation) mean(parts []*part) (use, full float64) {
	for _, p := range parts {
		u, f := s.usage(p)
		use += u / float64(len(parts))
		full += f / float64(len(parts))
	}
	return use, full
}

// busiest returns the part with the most work for its items.
func busiest(parts []*part) *part {
	return slices.MaxFunc(parts, func(a, b *part) int { return cmp.Compare(a.floor, b.floor) })
}

// newReport computes the rows after a simulation.
func newReport(s *simulation) *report {
	r := &report{s: s}
	add := func(part, load, capacity string, use, full float64) {
		r.rows = append(r.rows, row{part, load, capacity, use, full})
	}
	nodes := func(of func(*node) *part) (parts []*part) {
		for _, n := range s.nodes {
			parts = append(parts, of(n))
		}
		return parts
	}
	servers := func(of func(*server) *part) (parts []*part) {
		for _, n := range s.servers {
			parts = append(parts, of(n))
		}
		return parts
	}
	cores := func(use float64) string { return fmt.Sprintf("%.2f cores", use*float64(s.cores)) }
	most, link := fmt.Sprintf("%d cores", s.cores), fmt.Sprintf("%g Gbit/s", s.network)
	rate := func(use float64) string { return fmt.Sprintf("%.2f Gbit/s", use*s.network) }
	share := func(of func(*node) float64) float64 {
		sum := 0.0
		for _, n := range s.nodes {
			sum += of(n)
		}
		return sum / float64(len(s.nodes)) / s.duration
	}

	use, full := s.mean(nodes(func(n *node) *part { return n.cpu }))
	noting, notingFull := s.mean(nodes(func(n *node) *part { return n.directory }))
	add("partyline: CPU", cores(use+noting/float64(s.cores)), most, use+noting/float64(s.cores), full+notingFull/float64(s.cores))
	for _, of := range []struct {
		what string
		work func(*node) float64
	}{
		{"writes to members", func(n *node) float64 { return n.sweeping }},
		{"messages of all streams", func(n *node) float64 { return n.consuming }},
		{"saying", func(n *node) float64 { return n.saying }},
		{"members that arrive", func(n *node) float64 { return n.arriving }},
	} {
		add("  of it "+of.what, fmt.Sprintf("%.2f cores", share(of.work)), "", share(of.work)/float64(s.cores), 0)
	}
	add("partyline: members elsewhere, one goroutine", fmt.Sprintf("%.2f cores", noting), "1 core", noting, notingFull)
	use, full = s.mean(nodes(func(n *node) *part { return n.in }))
	add("partyline: network in, from NATS", rate(use), link, use, full)
	use, full = s.mean(nodes(func(n *node) *part { return n.out }))
	add("partyline: network out, to members", rate(use), link, use, full)
	here, elsewhere, newest := s.memoryOf()
	total := here + elsewhere + newest
	memory := func(part string, b float64) {
		capacity, full := "", 0.0
		if part[0] != ' ' {
			capacity, full = fmt.Sprintf("%g GB", s.memory), b/(s.memory*1e9)
		}
		add(part, fmt.Sprintf("%.2f GB", b/1e9), capacity, b/(s.memory*1e9), full)
	}
	memory("partyline: memory", total)
	memory("  of it members", here)
	memory("  of it members elsewhere", elsewhere)
	memory("  of it newest messages of rooms", newest)
	waiting := s.changesWaiting()
	// Both the list and the rate of changes grow with the load.
	add("partyline: changes that wait for a list", fmt.Sprintf("%.0f messages", waiting), fmt.Sprintf("%d", queueSize), waiting/queueSize, math.Sqrt(waiting/queueSize))

	stream := busiest(s.streams)
	use, full = s.usage(stream)
	add("NATS: a stream, the busiest", fmt.Sprintf("%.0f messages/s", float64(stream.items)/s.duration), fmt.Sprintf("%.0f", 1/s.streamTime(streamTime1, streamTime3).each), use, full)
	use, full = s.usage(s.names)
	add("NATS: the stream of names", fmt.Sprintf("%.0f writes/s", float64(s.names.items)/s.duration), fmt.Sprintf("%.0f", 1/s.streamTime(claimTime1, claimTime3).each), use, full)
	cpu := busiest(servers(func(n *server) *part { return n.cpu }))
	use, full = s.usage(cpu)
	add("NATS: CPU of a server, the busiest", cores(use), most, use, full)
	for _, n := range s.servers {
		if n.cpu == cpu {
			add("  of it sending to all partylines", fmt.Sprintf("%.2f cores", n.sending/s.duration), "", n.sending/s.duration/float64(s.cores), 0)
		}
	}
	use, full = s.usage(busiest(servers(func(n *server) *part { return n.out })))
	add("NATS: network out of a server", rate(use), link, use, full)
	use, full = s.usage(busiest(servers(func(n *server) *part { return n.disk })))
	add("NATS: disk of a server", fmt.Sprintf("%.1f MB/s", use*s.disk), fmt.Sprintf("%g MB/s", s.disk), use, full)
	names, ids := s.natsMemory()
	memory("NATS: memory of a server", names+ids)
	memory("  of it names", names)
	memory("  of it ids of ten minutes", ids)
	return r
}

// memoryOf returns the bytes that a partyline needs for its members, those of others, and the newest messages of the rooms
// in which it has members, after they have been said.
func (s *simulation) memoryOf() (here, elsewhere, newest float64) {
	here = float64(s.members) / float64(s.world.nodes) * memberBytes.value
	elsewhere = float64(s.members) * (1 - 1/float64(s.world.nodes)) * peerBytes.value * heapFactor
	open := 0
	for _, n := range s.nodes {
		for _, members := range n.here {
			if members > 0 {
				open++
			}
		}
	}
	newest = float64(open) / float64(len(s.nodes)) * recent * (recentBytes.value + float64(s.bytes)) * heapFactor
	return here, elsewhere, newest
}

// natsMemory returns the bytes that a NATS server needs for names, and for the ids of messages.
func (s *simulation) natsMemory() (names, ids float64) {
	held := float64(s.replicas) / float64(s.nats)
	return float64(s.members) * nameBytes.value, float64(s.members) * s.rate * idLife * idBytes.value * held
}

// listing returns how long the lists of all members take to arrive at a partyline that starts, and to be noted by it.
func (s *simulation) listing() (arrive, note float64) {
	return s.transfer(float64(s.members) * listBytes.value).each, float64(s.members) * listEach.seconds()
}

// changesWaiting returns how many messages with changes arrive while a partyline notes the list of another one.
func (s *simulation) changesWaiting() float64 {
	if s.world.nodes == 1 {
		return 0
	}
	_, note := s.listing()
	return note / float64(s.world.nodes) * 2 * float64(s.members) / s.session
}

// first returns the part that saturates first, and at how many times the load.
func (r *report) first() (part string, factor float64) {
	most := slices.MaxFunc(r.rows, func(a, b row) int { return cmp.Compare(a.full, b.full) })
	return most.part, 1 / most.full
}

// print prints the report.
func (r *report) print(out io.Writer) {
	s := r.s
	fmt.Fprintf(out, "%d partylines, %d members, %d rooms (the largest has %d, the smallest %d), %d streams of %d replicas on %d NATS servers.\n",
		s.world.nodes, s.members, s.rooms, s.sizes[0], s.sizes[len(s.sizes)-1], s.partitions, s.replicas, s.nats)
	fmt.Fprintf(out, "A member says %g messages a second and stays for %.0f s. Simulated: %.2f s, %d of the partylines.\n\n", s.rate, s.session, s.duration, s.sample)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "part\tload\tcapacity\tuse\tsaturates at")
	for _, row := range r.rows {
		limit := ""
		if row.full > 0 {
			limit = fmt.Sprintf("%.3g ×", 1/row.full)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.1f %%\t%s\n", row.part, row.load, row.capacity, 100*row.use, limit)
	}
	w.Flush()
	part, factor := r.first()
	fmt.Fprintf(out, "\nFirst: %s, at %.3g times this load.\n\n", part, factor)

	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "from saying a message\tp50\tp99")
	for i, what := range []string{"until it is stored", "until a partyline has it", "until its members have it"} {
		fmt.Fprintf(w, "%s\t%.2f ms\t%.2f ms\n", what, 1000*quantile(s.delays[i], 0.5), 1000*quantile(s.delays[i], 0.99))
	}
	w.Flush()

	said, sample := float64(max(s.said, 1)), float64(s.sample)/float64(s.world.nodes)
	fmt.Fprintf(out, "\nA message: %.0f members have it; %.0f B of NATS's network, %.0f B on disks. A partyline has members for %.0f %% of those that it receives.\n",
		float64(s.delivered)/sample/said, (followBytes.value+float64(s.bytes))*float64(s.world.nodes), s.written()/said, 100*float64(s.wanted)/float64(max(s.heard, 1)))
	here, elsewhere, newest := s.memoryOf()
	names, ids := s.natsMemory()
	fmt.Fprintf(out, "A member: %.1f kB on its partyline, %.1f kB on all others together, %.1f kB in NATS.\n",
		memberBytes.value/1e3, elsewhere*float64(s.world.nodes)/float64(s.members)/1e3, nameBytes.value*float64(s.nats)/1e3)
	fmt.Fprintf(out, "All: %.0f GB of memory on partylines, %.0f GB on NATS servers.\n", (here+elsewhere+newest)*float64(s.world.nodes)/1e9, (names+ids)*float64(s.nats)/1e9)
	if s.world.nodes > 1 {
		arrive, note := s.listing()
		lost := float64(s.members) / float64(s.world.nodes)
		others := float64(s.world.nodes - 1)
		fmt.Fprintf(out, "A partyline starts: the lists of all members, %.2f GB, arrive in %.1f s and are noted in %.1f s.\n",
			float64(s.members)*listBytes.value/1e9, arrive, note)
		fmt.Fprintf(out, "A partyline is lost: its %.0f members take their names in %.1f s, cost each other one %.2f s of its cores, and %.1f s of its goroutine for members elsewhere.\n",
			lost, lost*resumeTime.seconds(), lost/others*(arriveCPU.seconds()+resumeCPU.seconds())/float64(s.cores), lost*2*changeEach.seconds())
	}
}

// written returns the bytes that NATS servers have written for messages.
func (s *simulation) written() float64 {
	b := float64(s.stored) * (writtenOnce.value + float64(s.bytes))
	if s.replicas > 1 {
		b *= writtenTimes.value * float64(s.replicas)
	}
	return b
}

// printCosts prints the figures, and which command measures each.
func printCosts(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "cost\t\tmeasured with")
	for _, f := range figures {
		fmt.Fprintf(w, "%s\t%g %s\t%s\n", f.what, f.value, f.unit, f.source)
	}
	w.Flush()
}

// quantile returns a quantile of values, or 0 if there are none. It sorts them.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(int(q*float64(len(values))), len(values)-1)]
}
