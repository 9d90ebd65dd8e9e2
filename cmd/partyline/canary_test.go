//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/coder/websocket"
)

// A canary is somebody well who talks while others misbehave. Two of them, one at each
// door, exchange numbered messages; what each hears has to be whole, in one order and in
// time, whatever goes on around them.
type canary struct {
	name string
	say  func(text string) error

	mu    sync.Mutex
	heard []string // messages of canaries, in the order in which they came
	took  []time.Duration
	bad   []string // what nobody should ever be sent
	end   error    // why nothing more comes
}

// canaryEvery is the time between two messages of one canary. They talk in turn, so that
// there is one every 100 ms.
const canaryEvery = 200 * time.Millisecond

// text returns a numbered message that bears the time at which it is said.
func (c *canary) text(n int) string {
	return fmt.Sprintf("@%s %d %d", c.name, n, time.Now().UnixNano())
}

// hear takes one text that somebody said.
func (c *canary) hear(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.ContainsFunc(text, forbidden) {
		c.bad = append(c.bad, text)
	}
	at := strings.LastIndexByte(text, ' ')
	if !strings.HasPrefix(text, "@") || at < 0 {
		return
	}
	said, _ := strconv.ParseInt(text[at+1:], 10, 64)
	c.took = append(c.took, time.Since(time.Unix(0, said)))
	c.heard = append(c.heard, text[:at])
}

// forbidden reports the characters that can drive a terminal.
func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }

func (c *canary) finish(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = err
}

// count returns how many messages of canaries it heard.
func (c *canary) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.heard)
}

// newCanaries sends a canary through each door, and drops what they hear on arrival.
func newCanaries(t *testing.T, p *program) [2]*canary {
	tcp := &canary{name: "tcp"}
	conn := dial(t, p.tcp)
	tcp.say = func(text string) error { _, err := io.WriteString(conn, text+"\n"); return err }
	lines := newFeed[string]()
	go func() {
		readLines(conn, lines)
		tcp.finish(lines.end)
	}()
	expectLine(t, lines, welcomed)
	go func() {
		for {
			line, err := lines.await(func(string) bool { return true })
			if err != nil {
				return
			}
			if _, text, ok := strings.Cut(line, ": "); ok {
				line = text
			}
			tcp.hear(line)
		}
	}()

	ws := &canary{name: "ws"}
	link, _, err := dialWebSocket(t, "ws://"+p.http+"/ws", &websocket.DialOptions{Subprotocols: []string{"partyline.json.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	ws.say = func(text string) error {
		b, _ := json.Marshal(map[string]string{"type": "say", "text": text})
		return link.Write(t.Context(), websocket.MessageText, b)
	}
	welcome := make(chan struct{}, 1)
	go func() {
		for {
			_, frame, err := link.Read(t.Context())
			if err != nil {
				ws.finish(err)
				return
			}
			var e event
			if json.Unmarshal(frame, &e) != nil {
				ws.hear("\x00not JSON: " + string(frame))
			}
			ws.hear(e.Text)
			if e.Type == "welcome" {
				welcome <- struct{}{}
			}
		}
	}()
	select {
	case <-welcome:
	case <-time.After(patience):
		t.Fatal("the WebSocket's canary is not welcomed")
	}
	return [2]*canary{tcp, ws}
}

// A mine is a server with its canaries. One case of abuse after the other goes on in it.
type mine struct {
	*program
	canaries [2]*canary
	base     time.Duration // p99 of the canaries where nothing goes on
	start    health
}

// newMine starts a server as it is by default, but that it loses patience sooner.
func newMine(t *testing.T) *mine {
	m := &mine{program: startProgram(t, "--write-timeout", "3s", "--header-timeout", "2s", "--log-format", "text")}
	m.canaries = newCanaries(t, m.program)
	m.start = m.health(t, "heap?")
	m.base = m.talk(t, func() { <-time.After(time.Second) })
	return m
}

// health is what a server needs.
type health struct {
	goroutines, descriptors int
	heap                    int64
}

// answerHealth is the server's side: it answers each line with what it needs. A line that
// asks for the heap has it collected first.
func answerHealth(in io.Reader, out io.Writer) {
	for questions := bufio.NewScanner(in); questions.Scan(); {
		var m runtime.MemStats
		if questions.Text() == "heap?" {
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&m)
		}
		fmt.Fprintf(out, "goroutines=%d heap=%d\n", runtime.NumGoroutine(), m.HeapAlloc)
	}
}

// health asks how the server is. The heap is asked for apart, since that takes long.
func (m *mine) health(t *testing.T, question string) (h health) {
	t.Helper()
	m.process.say(t, question)
	line := expectLine(t, m.out, `goroutines=(\d+) heap=(\d+)`)
	h.goroutines, _ = strconv.Atoi(line[0])
	h.heap, _ = strconv.ParseInt(line[1], 10, 64)
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", m.cmd.Process.Pid))
	if err != nil {
		missing(t, "/proc")
	}
	h.descriptors = len(fds)
	return h
}

// talk has the canaries exchange messages while something goes on, and checks that they
// hear all of each other's. It returns the p99 of how long that took.
func (m *mine) talk(t *testing.T, meanwhile func()) time.Duration {
	t.Helper()
	before := m.canaries[0].count()
	done := make(chan struct{})
	go func() {
		defer close(done)
		meanwhile()
	}()
	defer func() { <-done }()
	said := 0
	for going := true; going; {
		for _, c := range m.canaries {
			if err := c.say(c.text(said)); err != nil {
				t.Fatalf("the canary at %s: %v", c.name, err)
			}
			time.Sleep(canaryEvery / 2) // the pace of the talk
		}
		said++
		select {
		case <-done:
			going = false
		default:
		}
	}
	var want [2][]string
	for i, c := range m.canaries {
		if !eventually(func() bool { return c.count() >= before+2*said }) {
			t.Fatalf("the canary at %s heard %d messages of %d; its line: %v", c.name, c.count()-before, 2*said, c.end)
		}
		for n := range said {
			want[i] = append(want[i], fmt.Sprintf("@%s %d", c.name, n))
		}
	}
	var took []time.Duration
	var order []string
	for i, c := range m.canaries {
		c.mu.Lock()
		heard := slices.Clone(c.heard[before:])
		took = append(took, c.took[len(c.took)-len(heard):]...)
		bad := c.bad
		c.mu.Unlock()
		if len(bad) > 0 {
			t.Errorf("the canary at %s was sent %.200q", c.name, bad)
		}
		if i == 0 {
			order = heard
		} else if !slices.Equal(heard, order) {
			t.Errorf("the canaries heard other orders:\n%.500q\n%.500q", order, heard)
		}
		for j, from := range m.canaries {
			one := slices.DeleteFunc(slices.Clone(heard), func(s string) bool { return !strings.HasPrefix(s, "@"+from.name+" ") })
			if !slices.Equal(one, want[j]) {
				t.Errorf("the canary at %s heard of %s %.500q", c.name, from.name, one)
			}
		}
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// flat is how long a message may take while a case goes on, on a machine that does much
// else. With the race detector, the cases alone take all of the machine.
var flat = map[bool]time.Duration{false: 500 * time.Millisecond, true: 8 * time.Second}[raceEnabled]

// heapGrowth is what all that members may leave in a server: history and the like.
const heapGrowth = 24 << 20

// endure has the canaries talk while a case goes on, and checks that nothing is left of it.
func (m *mine) endure(t *testing.T, c abuse) {
	before := m.health(t, "goroutines?")
	logged := m.err.count(func(string) bool { return true })
	a := newAbuser(t, m.program)
	p99 := m.talk(t, func() {
		defer a.goHome()
		c.run(a)
	})
	if limit := max(10*m.base, flat) + c.pause; p99 > limit {
		t.Errorf("the p99 of the canaries is %v, and %v where nothing goes on", p99, m.base)
	}
	select {
	case <-m.exited:
		t.Fatalf("the server is gone:\n%s", m.err)
	default:
	}
	var after health
	if !eventually(func() bool {
		after = m.health(t, "goroutines?")
		return after.goroutines <= before.goroutines && after.descriptors <= before.descriptors
	}) {
		t.Errorf("before: %+v, after: %+v", before, after)
	}
	if heap := m.health(t, "heap?").heap; heap > m.start.heap+heapGrowth {
		t.Errorf("the heap grew from %d to %d bytes", m.start.heap, heap)
	}
	if n := m.err.count(func(string) bool { return true }) - logged; n > 4*a.opened+20 {
		t.Errorf("%d lines are in the log for %d connections", n, a.opened)
	}
	if n := m.err.count(func(s string) bool { return strings.ContainsFunc(s, forbidden) }); n > 0 {
		t.Error("there are control characters in the log")
	}
}

// TestCanaries has the canaries talk through every case of abuse.
func TestCanaries(t *testing.T) {
	m := newMine(t)
	for _, area := range [][]abuse{connectionAbuses, lineAbuses, frameAbuses, httpAbuses, crowdAbuses, readerAbuses, nameAbuses} {
		for _, c := range area {
			t.Run(c.name, func(t *testing.T) { m.endure(t, c) })
		}
	}
}

// An abuse is a case.
type abuse struct {
	name  string
	run   func(a *abuser)
	pause time.Duration // for which nobody can be heard
	alone bool          // it needs names, or the machine, for itself
}

// An abuser has what a case needs: connections of all kinds, which are gone at its end.
type abuser struct {
	*testing.T
	program *program
	rand    *rand.Rand

	mu     sync.Mutex
	conns  []net.Conn
	opened int
	beside sync.WaitGroup // what goes on beside the case, until its connections end
}

func newAbuser(t *testing.T, p *program) *abuser {
	return &abuser{T: t, program: p, rand: rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))}
}

// caseTime bounds all that a case does on one connection.
const caseTime = 20 * time.Second

func (a *abuser) open(addr string) *net.TCPConn {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		a.Errorf("can't connect: %v", err)
		runtime.Goexit()
	}
	c.SetDeadline(time.Now().Add(caseTime))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.conns = append(a.conns, c)
	a.opened++
	return c.(*net.TCPConn)
}

// tcp opens a connection to the door for lines, http to that for the page.
func (a *abuser) tcp() *net.TCPConn { return a.open(a.program.tcp) }

func (a *abuser) http() *net.TCPConn { return a.open(a.program.http) }

const handshake = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// ws opens a WebSocket with further headers, and reads the server's answer.
func (a *abuser) ws(headers string) *net.TCPConn {
	c := a.http()
	send(c, handshake+headers+"\r\n")
	var answer []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(answer), "\r\n\r\n"); answer = append(answer, one...) {
		if _, err := c.Read(one); err != nil {
			a.Errorf("the handshake: %q, %v", answer, err)
			runtime.Goexit()
		}
	}
	return c
}

// goHome ends all connections, and what goes on beside the case.
func (a *abuser) goHome() {
	a.mu.Lock()
	for _, c := range a.conns {
		c.Close()
	}
	a.mu.Unlock()
	a.beside.Wait()
}

// each does something a number of times, several at once.
func (a *abuser) each(n int, do func(i int)) {
	var doing sync.WaitGroup
	next := make(chan int)
	for range 16 {
		doing.Go(func() {
			for i := range next {
				done := make(chan struct{})
				go func() { // which may exit
					defer close(done)
					do(i)
				}()
				<-done
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	doing.Wait()
}

// send sends what the server lets it.
func send(c net.Conn, s string) { io.WriteString(c, s) }

// reset ends a connection with a reset.
func reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}

// discard reads to the end, for a time at most.
func (a *abuser) discard(c net.Conn, d time.Duration) {
	c.SetReadDeadline(time.Now().Add(d))
	io.Copy(io.Discard, c)
}

// drain reads to the end, for a time at most, and returns what came.
func (a *abuser) drain(c net.Conn, d time.Duration) string {
	c.SetReadDeadline(time.Now().Add(d))
	b, _ := io.ReadAll(io.LimitReader(c, 64<<20))
	return string(b)
}

// readLinesOf reads lines to the end, for a time at most, which must be clean.
func (a *abuser) readLinesOf(c net.Conn, d time.Duration) string {
	text := a.drain(c, d)
	if i := strings.IndexFunc(text, forbidden); i >= 0 {
		a.Errorf("it was sent a control character: %.60q", text[i:])
	}
	return text
}

// masked returns a client's frame.
func masked(first byte, payload string) string {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	default:
		b = append(b, 0x80|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	mask := []byte{0x12, 0x34, 0x56, 0x78}
	b = append(b, mask...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return string(b)
}
