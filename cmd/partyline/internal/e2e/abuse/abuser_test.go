//go:build linux

package abuse

import (
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// An abuse is a test case: what misbehaving clients do.
type abuse struct {
	name  string
	run   func(a *abuser)
	pause time.Duration // the time in which no message can be delivered
	alone bool          // it must not run at the same time as other cases
	slow  bool          // it takes more than ten seconds, and does not depend on the way
}

// An abuser runs a case. It opens connections and closes them at the end of the case.
type abuser struct {
	*testing.T
	target *target
	rand   *rand.Rand

	mu         sync.Mutex
	conns      []*link
	opened     int
	background sync.WaitGroup // goroutines of the case that end with its connections
}

func newAbuser(t *testing.T, s *target) *abuser {
	return &abuser{T: t, target: s, rand: rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))}
}

// caseTime is the deadline of each connection of a case. A case waits that long for what must arrive, since the
// machine may be busy.
const caseTime = 30 * time.Second

// open opens a connection to a listener.
func (a *abuser) open(listener string) *link { return a.keep(a.target.dial(listener)) }

// keep keeps a new connection for closeAll.
func (a *abuser) keep(c *link, err error) *link {
	if err != nil {
		a.Errorf("can't connect: %v", err)
		runtime.Goexit()
	}
	c.SetDeadline(time.Now().Add(caseTime))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.conns = append(a.conns, c)
	a.opened++
	return c
}

// tcp opens a connection to the TCP gateway.
func (a *abuser) tcp() *link { return a.open(a.target.TCP) }

// http opens a connection to the HTTP listener.
func (a *abuser) http() *link { return a.open(a.target.HTTP) }

const handshake = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// ws opens a WebSocket with additional headers and reads the HTTP response.
func (a *abuser) ws(headers string) *link {
	c := a.http()
	send(c, handshake+headers+"\r\n")
	var response []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(response), "\r\n\r\n"); response = append(response, one...) {
		if _, err := c.Read(one); err != nil {
			a.Errorf("the handshake response is %q, error %v", response, err)
			runtime.Goexit()
		}
	}
	return c
}

// closeAll closes all connections and waits for the goroutines of the case.
func (a *abuser) closeAll() {
	a.mu.Lock()
	for _, c := range a.conns {
		c.below.Close() // without a close_notify, which may wait
	}
	a.mu.Unlock()
	a.background.Wait()
}

// each calls do(0) to do(n-1), up to 16 at the same time.
func (a *abuser) each(n int, do func(i int)) {
	var workers sync.WaitGroup
	next := make(chan int)
	for range 16 {
		workers.Go(func() {
			for i := range next {
				done := make(chan struct{})
				go func() { // do may call runtime.Goexit
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
	workers.Wait()
}

// send writes s. It ignores errors, since the server may close the connection.
func send(c net.Conn, s string) { io.WriteString(c, s) }

// discard reads and discards until the end of the stream, for at most d.
func (a *abuser) discard(c net.Conn, d time.Duration) {
	c.SetReadDeadline(time.Now().Add(d))
	io.Copy(io.Discard, c)
}

// drain reads until the end of the stream, for at most d, and returns up to 64 MiB of it.
func (a *abuser) drain(c net.Conn, d time.Duration) string {
	c.SetReadDeadline(time.Now().Add(d))
	b, _ := io.ReadAll(io.LimitReader(c, 64<<20))
	return string(b)
}

// readLines reads lines until the end of the stream, for at most d. It fails the test if they
// contain control characters, except CR LF in an HTTP response.
func (a *abuser) readLines(c net.Conn, d time.Duration) string {
	text := withoutTelnetReplies(a.drain(c, d))
	if strings.HasPrefix(text, "HTTP/1.") {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	if i := strings.IndexFunc(text, forbidden); i >= 0 {
		a.Errorf("received a control character: %.60q", text[i:])
	}
	return text
}

// readUntil reads until the stream contains part, or to its end, and returns what it read.
func (a *abuser) readUntil(c net.Conn, part string) string {
	var got strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(got.String(), part) {
		n, err := c.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return got.String()
}

// withoutTelnetReplies returns s without replies to telnet options, which are IAC, WONT or DONT, and the
// option.
func withoutTelnetReplies(s string) string {
	const iac = 0xff
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == iac {
			i += 2
			continue
		}
		text.WriteByte(s[i])
	}
	return text.String()
}

// masked returns a masked frame with the given first byte.
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
