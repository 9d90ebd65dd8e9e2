//go:build linux

package load

import "time"

// A variant is a server and the plan that runs against it.
type variant struct {
	server         string // "partyline", "tls" or "disk", for the program; otherwise a key of servers
	plan           Plan
	historyClients historyClients
}

// saturated completes a plan that is a closed loop.
func saturated(p Plan) Plan {
	p.Window, p.Warmup, p.For = 4, 300*time.Millisecond, 1200*time.Millisecond
	if p.Talkers == 0 {
		p.Talkers = 50
	}
	return p
}

// atRest returns a plan with a rate that leaves the server idle most of the time.
func atRest(members int, rate float64) Plan {
	return Plan{TCP: members, Talkers: 50, Rate: rate, Warmup: 500 * time.Millisecond, For: 3 * time.Second}
}

// overTLS returns p with TLS over TCP.
func overTLS(p Plan) Plan {
	p.TLS = true
	return p
}

// variants are the variants that the rows compare, by name.
var variants = map[string]variant{
	"tcp":       {server: "partyline", plan: saturated(Plan{TCP: 1000})},
	"tcp queue": {server: "queue", plan: saturated(Plan{TCP: 1000})},

	"tcp 100":       {server: "partyline", plan: saturated(Plan{TCP: 100})},
	"tcp 100 queue": {server: "queue", plan: saturated(Plan{TCP: 100})},

	"disk":     {server: "disk", plan: saturated(Plan{TCP: 1000})},
	"disk 100": {server: "disk", plan: saturated(Plan{TCP: 100})},

	"ws text":  {server: "partyline", plan: saturated(Plan{WS: 1000})},
	"ws json":  {server: "partyline", plan: saturated(Plan{WS: 1000, WSFormat: JSON})},
	"ws queue": {server: "queue", plan: saturated(Plan{WS: 1000})},

	"mixed": {server: "partyline", plan: saturated(Plan{TCP: 500, WS: 500, WSFormat: JSON})},
	"well":  {server: "partyline", plan: saturated(Plan{TCP: 950})},
	"stuck": {server: "partyline", plan: saturated(Plan{TCP: 950, Stuck: 50})},

	"rooms":       {server: "partyline", plan: saturated(Plan{TCP: 10000, Rooms: 1000, Talkers: 1000})},
	"rooms queue": {server: "queue", plan: saturated(Plan{TCP: 10000, Rooms: 1000, Talkers: 1000})},

	"rest":       {server: "partyline", plan: atRest(1000, 100)},
	"rest floor": {server: "floor", plan: atRest(1000, 100)},
	"rest queue": {server: "queue", plan: atRest(1000, 100)},

	"history":    {server: "disk", plan: atRest(500, 50), historyClients: historyClients{100, 500 * time.Millisecond}},
	"no history": {server: "disk", plan: atRest(500, 50), historyClients: historyClients{count: 100}},

	"rest ws": {server: "partyline", plan: func() Plan {
		p := atRest(1000, 100)
		p.TCP, p.WS, p.WSFormat = 0, p.TCP, JSON
		return p
	}()},

	"tls":      {server: "tls", plan: saturated(Plan{TCP: 1000, TLS: true})},
	"rest tls": {server: "tls", plan: overTLS(atRest(1000, 100))},
	"idle tls": {server: "tls", plan: Plan{TCP: 9000, TLS: true, Window: 1, Settle: 2 * time.Second, For: 10 * time.Millisecond}},

	"large":       {server: "partyline", plan: atRest(9500, 10)},
	"large floor": {server: "floor", plan: atRest(9500, 10)},

	"idle tcp": {server: "partyline", plan: Plan{TCP: 9000, Window: 1, Settle: 2 * time.Second, For: 10 * time.Millisecond}},
	"idle ws":  {server: "partyline", plan: Plan{WS: 9000, Window: 1, Settle: 2 * time.Second, For: 10 * time.Millisecond}},
}

// A row is a group of figures with goals, computed from the reports of some variants.
type row struct {
	name    string
	uses    []string // variants
	figures []figure
}

// A figure is a number that is computed from a round, and its goal.
type figure struct {
	what    string
	atLeast bool // the bound is a minimum, not a maximum
	bound   float64
	unit    string
	of      func(round) float64
}

// A round has one report of each variant, by name.
type round map[string]*Report

func rate(r *Report) float64      { return r.DeliveriesPerSecond }
func cpu(r *Report) float64       { return r.Server.CPUPerDelivery }
func p99(r *Report) float64       { return r.Latency.P99 }
func perMember(r *Report) float64 { return r.Server.PerMember / 1e3 }
func arrival(r *Report) float64   { return r.Arrival }

// valueOf returns a function that returns a number of one variant.
func valueOf(of func(*Report) float64, a string) func(round) float64 {
	return func(r round) float64 { return of(r[a]) }
}

// ratio returns a function that divides the number of one variant by that of another.
func ratio(of func(*Report) float64, a, b string) func(round) float64 {
	return func(r round) float64 { return of(r[a]) / of(r[b]) }
}

var rows = []row{
	{"saturated, 1,000 over TCP", []string{"tcp", "tcp queue"}, []figure{
		{"deliveries/s, of queue-per-member's", true, 8, "×", ratio(rate, "tcp", "tcp queue")},
		{"server CPU a delivery", false, 0.15, "µs", valueOf(cpu, "tcp")},
	}},
	{"saturated, 100 over TCP", []string{"tcp 100", "tcp 100 queue"}, []figure{
		{"deliveries/s, of queue-per-member's", true, 5, "×", ratio(rate, "tcp 100", "tcp 100 queue")},
		{"server CPU a delivery", false, 0.35, "µs", valueOf(cpu, "tcp 100")},
	}},
	{"saturated over TCP, history on disk", []string{"tcp", "disk", "tcp 100", "disk 100"}, []figure{
		{"1,000 members: deliveries/s, of those in memory", true, 0.7, "×", ratio(rate, "disk", "tcp")},
		{"100 members: deliveries/s, of those in memory", true, 0.7, "×", ratio(rate, "disk 100", "tcp 100")},
	}},
	{"saturated, 1,000 over WebSocket", []string{"tcp", "ws text", "ws json", "ws queue"}, []figure{
		{"server CPU a delivery in text, of TCP's", false, 1.3, "×", ratio(cpu, "ws text", "tcp")},
		{"server CPU a delivery in JSON, of TCP's in text", false, 1.6, "×", ratio(cpu, "ws json", "tcp")},
		{"deliveries/s in text, of queue-per-member's", true, 8, "×", ratio(rate, "ws text", "ws queue")},
	}},
	{"saturated, 1,000 over TLS", []string{"tcp", "tls"}, []figure{
		{"server CPU a delivery, of TCP's", false, 2, "×", ratio(cpu, "tls", "tcp")},
	}},
	{"at rest, 1,000 over TLS, 100 messages/s", []string{"rest", "rest tls"}, []figure{
		{"server CPU a delivery, of TCP's", false, 1.3, "×", ratio(cpu, "rest tls", "rest")},
	}},
	{"idle, 9,000 members over TLS", []string{"idle tls"}, []figure{
		{"memory of a member", false, 16, "KB", valueOf(perMember, "idle tls")},
	}},
	{"mixed, 500 over TCP and 500 over WebSocket in JSON", []string{"tcp", "ws json", "mixed"}, []figure{
		{"server CPU a delivery, of the mean of the two alone", false, 1.3, "×", func(r round) float64 {
			return 2 * cpu(r["mixed"]) / (cpu(r["tcp"]) + cpu(r["ws json"]))
		}},
	}},
	{"saturated, 50 of 1,000 never read", []string{"well", "stuck"}, []figure{
		{"p99 of the others, of that without them", false, 1.2, "×", ratio(p99, "stuck", "well")},
		{"memory, above that without them", false, (1<<20 + 50*64<<10) / 1e6, "MB", func(r round) float64 {
			return float64(r["stuck"].Server.Peak-r["well"].Server.Peak) / 1e6
		}},
	}},
	{"1,000 rooms of 10 members, each with a talker", []string{"rooms", "rooms queue"}, []figure{
		{"deliveries/s, of queue-per-member's", true, 5, "×", ratio(rate, "rooms", "rooms queue")},
	}},
	{"at rest on disk, 100 ask for 500 messages twice a second", []string{"history", "no history"}, []figure{
		{"p99 of the others, of that without", false, 1.2, "×", ratio(p99, "history", "no history")},
	}},
	{"at rest, 1,000 over TCP, 100 messages/s", []string{"rest", "rest floor", "rest queue", "rest ws"}, []figure{
		{"server CPU a delivery, of the floor's", false, 1.1, "×", ratio(cpu, "rest", "rest floor")},
		{"p99, of the floor's", false, 1.2, "×", ratio(p99, "rest", "rest floor")},
		{"server CPU a delivery, of queue-per-member's", false, 1, "×", ratio(cpu, "rest", "rest queue")},
		{"server CPU a delivery over WebSocket in JSON, of TCP's", false, 1.1, "×", ratio(cpu, "rest ws", "rest")},
	}},
	{"at rest, 9,500 over TCP, 10 messages/s", []string{"large", "large floor"}, []figure{
		{"server CPU a delivery, of the floor's", false, 1.1, "×", ratio(cpu, "large", "large floor")},
		{"p99, of the floor's", false, 1.2, "×", ratio(p99, "large", "large floor")},
	}},
	{"idle, 9,000 members", []string{"idle tcp", "idle ws"}, []figure{
		{"memory of a member over TCP", false, 6, "KB", valueOf(perMember, "idle tcp")},
		{"memory of a member over WebSocket", false, 8, "KB", valueOf(perMember, "idle ws")},
	}},
	{"9,000 arrive in one room", []string{"idle tcp", "idle ws"}, []figure{
		{"over TCP, all in", false, 3, "s", valueOf(arrival, "idle tcp")},
		{"over WebSocket, all in", false, 3, "s", valueOf(arrival, "idle ws")},
	}},
}
