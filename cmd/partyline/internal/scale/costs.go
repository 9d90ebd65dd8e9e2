package main

// Costs of one item, in microseconds of CPU time, or in bytes. A wake is what a job costs besides its items: bursts of 1 and
// of 10 tell it from the cost of an item. All were measured on machines with two slow cores, which
// the servers and the clients shared. Of BenchmarkFollow, a follower's are the differences of rows, divided by 8; a server's
// those of rows without followers. Its bursts of 10 ran with -benchtime 100000x. That a change wakes a server as a message does
// is assumed. Of three replicas each is assumed to cost a third.
const (
	benchStore  = "go test -run '^$' -bench Store -benchtime 500000x ./hub/history/jetstream"
	benchFollow = "go test -run '^$' -bench Follow -benchtime 10000x ./hub/history/jetstream"
	benchRecent = "go test -run '^$' -bench Recent -benchtime 200000x ./hub/history/jetstream"
	benchChange = "go test -run '^$' -bench Changes -benchtime 200000x ./hub/directory/natsdir"
	benchClaim  = "go test -run '^$' -bench Claim -benchtime 50000x ./hub/directory/natsdir"
	makeBench   = "make bench"
)

// A figure is a measured cost.
type figure struct {
	value  float64
	unit   string
	what   string
	source string // the command that measures it
}

var (
	writeWake   = figure{7.58, "µs", "a write to a member", makeBench}
	writeEach   = figure{0.0929, "µs", "a message in a write with many", makeBench}
	memberBytes = figure{7290, "B", "memory of a member over WebSocket", makeBench}
	arriveCPU   = figure{527, "µs", "a member arrives over WebSocket; half of it is the client", makeBench}

	sayWake     = figure{288, "µs", "a server says a message after a pause", benchFollow}
	sayEach     = figure{12.3, "µs", "a message that it says", benchFollow}
	followWake  = figure{17.5, "µs", "a server receives after a pause", benchFollow}
	followEach  = figure{2.7, "µs", "a message that it receives", benchFollow}
	sendWake    = figure{19.9, "µs", "NATS sends to a server after a pause", benchFollow}
	sendEach    = figure{1.36, "µs", "a message that NATS sends", benchFollow}
	followBytes = figure{266, "B", "a message to a server, without its text", benchFollow}

	storeWake1   = figure{220, "µs", "NATS stores after a pause, one replica", benchFollow}
	storeWake3   = figure{315, "µs", "the same on each of three", benchFollow}
	storeEach1   = figure{11.3, "µs", "a message that NATS stores, one replica", benchStore}
	storeEach3   = figure{13.6, "µs", "the same on each of three", benchStore}
	streamTime1  = figure{9.7, "µs", "time between messages of a full stream, one replica", benchStore}
	streamTime3  = figure{23.4, "µs", "the same with three", benchStore}
	writtenOnce  = figure{197, "B", "a message on the disk, without its text, one replica", benchStore}
	writtenTimes = figure{2.15, "times", "what NATS writes more on each of three", benchStore}
	idBytes      = figure{200, "B", "memory of NATS for the id of a message", benchStore}
	recentBytes  = figure{170, "B", "memory of a recent message of a room, without its text", benchRecent}

	changeEach  = figure{9.0, "µs", "a change of a member elsewhere", benchChange}
	listEach    = figure{5.9, "µs", "a member of a list", benchChange}
	scanEach    = figure{0.0053, "µs", "a change, for each member of its room here", benchChange}
	changeBytes = figure{167, "B", "a change on the wire", benchChange}
	listBytes   = figure{105, "B", "a member of a list on the wire", benchChange}
	peerBytes   = figure{550, "B", "memory of a member elsewhere", benchChange}

	claimCPU   = figure{25.8, "µs", "a server takes a name", benchClaim}
	claimTime1 = figure{30.8, "µs", "time between names, one replica", benchClaim}
	claimTime3 = figure{54.5, "µs", "the same with three", benchClaim}
	claimNATS1 = figure{19.7, "µs", "NATS takes a name, one replica", benchClaim}
	claimNATS3 = figure{22.5, "µs", "the same on each of three", benchClaim}
	resumeTime = figure{269, "µs", "time between names that are resumed, three replicas", benchClaim}
	resumeCPU  = figure{130, "µs", "a server resumes a name", benchClaim}
	nameBytes  = figure{951, "B", "memory of NATS for a name, each replica", benchClaim}
)

// figures are all of them.
var figures = []*figure{
	&writeWake, &writeEach, &memberBytes, &arriveCPU,
	&sayWake, &sayEach, &followWake, &followEach, &sendWake, &sendEach, &followBytes,
	&storeWake1, &storeWake3, &storeEach1, &storeEach3, &streamTime1, &streamTime3, &writtenOnce, &writtenTimes, &idBytes, &recentBytes,
	&changeEach, &listEach, &scanEach, &changeBytes, &listBytes, &peerBytes,
	&claimCPU, &claimTime1, &claimTime3, &claimNATS1, &claimNATS3, &resumeTime, &resumeCPU, &nameBytes,
}

// Sizes that follow from the code or from the protocols.
const (
	packet        = 78    // bytes of the headers of a packet on the wire: Ethernet, IP, TCP with timestamps, and a frame of a WebSocket
	natsHeader    = 45    // bytes of a core message of NATS besides its payload
	heapFactor    = 2     // the heap of Go grows to twice what is in use
	recent        = 1000  // messages of a room in memory: maxRecent of hub/history/jetstream
	refresh       = 3600  // s between two refreshes of a name
	beat          = 2     // s between two beats
	idLife        = 600   // s for which NATS remembers an id
	presenceBatch = 100   // members of a room from which on joins are told once a second
	shard         = 128   // members of a room that one goroutine writes to
	queueSize     = 65536 // messages of other servers that wait to be noted: maxMessages of hub/directory/natsdir
)

// seconds returns a figure in seconds.
func (f figure) seconds() float64 { return f.value / 1e6 }

// costOf returns a cost of two figures.
func costOf(wake, each figure) cost { return cost{wake.seconds(), each.seconds()} }
