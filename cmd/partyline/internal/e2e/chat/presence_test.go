package chat

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestBrokenConnections resets connections, as clients that crash do. The room receives each leave
// once.
func TestBrokenConnections(t *testing.T) {
	s := harness.StartServer(t, nil)
	observer := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, observer.Out, harness.WelcomeLine)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws")
	bot.ExpectType(t, "welcome")
	observer.Say(t, "here") // so that its join is not taken for another one
	bot.Expect(t, "the message of the observer", func(e harness.Event) bool { return e.Text == "here" })

	for transport, connect := range map[string]func() *net.TCPConn{
		"tcp": func() *net.TCPConn { return harness.Dial(t, s.TCP) },
		"ws":  func() *net.TCPConn { return harness.DialUpgrade(t, s.HTTP, "/ws", "") },
	} {
		t.Run(transport, func(t *testing.T) {
			conn := connect()
			nick := bot.Expect(t, "the join", func(e harness.Event) bool { return e.Type == "join" && e.Via == transport }).Nick
			conn.SetLinger(0)
			conn.Close()
			harness.ExpectLine(t, observer.Out, `\* `+nick+" has left")
			left := func(e harness.Event) bool { return e.Type == "leave" && e.Nick == nick }
			bot.Expect(t, "the leave", left)

			observer.Say(t, "after "+transport)
			harness.ExpectLine(t, observer.Out, `\S+: after `+transport)
			bot.Expect(t, "the message after the leave", func(e harness.Event) bool { return e.Text == "after "+transport })
			if n := bot.Out.Count(left); n != 1 {
				t.Errorf("%d leaves are sent in JSON, want 1", n)
			}
			if n := observer.Out.Count(func(line string) bool { return line == "* "+nick+" has left" }); n != 1 {
				t.Errorf("%d leaves are sent in text, want 1", n)
			}
		})
	}
}

// TestJoinsAndLeaves has a thousand clients, or 200 in short mode, join and leave over both
// transports, in every way. Each join and leave is announced once, and no goroutines or members
// remain.
func TestJoinsAndLeaves(t *testing.T) {
	const atOnce = 20
	visitors := 1000
	if testing.Short() {
		visitors = 200
	}
	s := harness.StartServer(t, nil)
	observer := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, observer.Out, harness.WelcomeLine)
	atRest := 3 // goroutines: one for each listener and one for the observer
	if harness.OverNATS() {
		atRest = len(harness.ServerGoroutines())
	}

	next := make(chan int)
	var visiting sync.WaitGroup
	for range atOnce {
		visiting.Go(func() {
			for i := range next {
				if err := visit(s, i); err != nil {
					t.Errorf("visitor %d: %v", i, err)
				}
			}
		})
	}
	for i := range visitors {
		next <- i
	}
	close(next)
	visiting.Wait()

	for range visitors {
		harness.ExpectLine(t, observer.Out, `\* \S+ has left.*`)
	}
	arrived := observer.Out.Count(func(line string) bool { return strings.HasSuffix(line, " has arrived") })
	if arrived != visitors {
		t.Errorf("%d of %d arrived", arrived, visitors)
	}
	if !harness.Eventually(func() bool { return len(harness.ServerGoroutines()) <= atRest }) {
		t.Errorf("want %d goroutines, got\n%s", atRest, strings.Join(harness.ServerGoroutines(), "\n\n"))
	}
	observer.Say(t, "/who")
	if others := harness.ExpectLine(t, observer.Out, "= (.*)")[0]; strings.Contains(others, ",") {
		t.Errorf("members remain: %s", others)
	}
}

// visit joins, waits for the welcome, and leaves. The number selects the transport and the way to
// leave.
func visit(s *harness.Server, i int) error {
	if i%2 == 0 {
		conn, err := net.Dial("tcp", s.TCP)
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Fprintln(conn, "/who") // a client that sends nothing is not announced
		in := bufio.NewReader(conn)
		for line := ""; !strings.HasPrefix(line, "= "); {
			if line, err = in.ReadString('\n'); err != nil {
				return err
			}
		}
		return leaveTCP(conn.(*net.TCPConn), i/2)
	}
	var tcp *net.TCPConn
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			if err == nil {
				tcp = conn.(*net.TCPConn)
			}
			return conn, err
		},
	}}
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws://"+s.HTTP+"/ws?room=lobby", &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		return err
	}
	defer ws.CloseNow()
	if _, _, err := ws.Read(ctx); err != nil {
		return err
	}
	switch i / 2 % 4 {
	case 0:
		return ws.Close(websocket.StatusNormalClosure, "")
	case 1:
		if err := ws.Write(ctx, websocket.MessageText, []byte("/quit")); err != nil {
			return err
		}
		for err == nil {
			_, _, err = ws.Read(ctx)
		}
		if code := websocket.CloseStatus(err); code != websocket.StatusNormalClosure {
			return err
		}
	case 2:
		tcp.SetLinger(0)
	}
	return nil // closed without a close frame
}

// leaveTCP ends a TCP connection with FIN, with a reset, or by /quit.
func leaveTCP(conn *net.TCPConn, way int) error {
	switch way % 4 {
	case 0:
		conn.CloseWrite()
		_, err := io.Copy(io.Discard, conn)
		return err
	case 1:
		fmt.Fprintln(conn, "/quit")
		_, err := io.Copy(io.Discard, conn)
		return err
	case 2:
		return conn.SetLinger(0)
	}
	return nil
}
