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

	"partyline/cmd/partyline/internal/e2e/harness"
)

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
	program *harness.Program
	rand    *rand.Rand

	mu     sync.Mutex
	conns  []net.Conn
	opened int
	beside sync.WaitGroup // what goes on beside the case, until its connections end
}

func newAbuser(t *testing.T, p *harness.Program) *abuser {
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
func (a *abuser) tcp() *net.TCPConn { return a.open(a.program.TCP) }

func (a *abuser) http() *net.TCPConn { return a.open(a.program.HTTP) }

const handshake = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
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

// closeAll ends all connections, and what goes on beside the case.
func (a *abuser) closeAll() {
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

// readLinesOf reads lines to the end, for a time at most, which must be clean. Those of a
// response of HTTP end in CR LF.
func (a *abuser) readLinesOf(c net.Conn, d time.Duration) string {
	text := withoutAnswers(a.drain(c, d))
	if strings.HasPrefix(text, "HTTP/1.1 ") {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	if i := strings.IndexFunc(text, forbidden); i >= 0 {
		a.Errorf("it was sent a control character: %.60q", text[i:])
	}
	return text
}

// withoutAnswers returns a text without the answers to options of telnet: IAC, WONT or DONT, and
// the option.
func withoutAnswers(s string) string {
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
