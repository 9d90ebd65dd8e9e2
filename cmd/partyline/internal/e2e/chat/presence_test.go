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

// TestBrokenConnections resets connections, as a machine does that loses its power: the
// room is told once.
func TestBrokenConnections(t *testing.T) {
	s := harness.StartServer(t, nil)
	witness := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, witness.Out, harness.WelcomeLine)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws")
	bot.ExpectType(t, "welcome")
	witness.Say(t, "here") // so that its arrival is no other's
	bot.Expect(t, "what the witness says", func(e harness.Event) bool { return e.Text == "here" })

	for door, connect := range map[string]func() *net.TCPConn{
		"tcp": func() *net.TCPConn { return harness.Dial(t, s.TCP) },
		"ws":  func() *net.TCPConn { return harness.DialRawWebSocket(t, s.HTTP) },
	} {
		t.Run(door, func(t *testing.T) {
			conn := connect()
			nick := bot.Expect(t, "the arrival", func(e harness.Event) bool { return e.Type == "join" && e.Via == door }).Nick
			conn.SetLinger(0)
			conn.Close()
			harness.ExpectLine(t, witness.Out, `\* `+nick+" has left")
			left := func(e harness.Event) bool { return e.Type == "leave" && e.Nick == nick }
			bot.Expect(t, "the leave", left)

			witness.Say(t, "after "+door)
			harness.ExpectLine(t, witness.Out, `\S+: after `+door)
			bot.Expect(t, "what was said after", func(e harness.Event) bool { return e.Text == "after "+door })
			if n := bot.Out.Count(left); n != 1 {
				t.Errorf("it left %d times in JSON", n)
			}
			if n := witness.Out.Count(func(line string) bool { return line == "* "+nick+" has left" }); n != 1 {
				t.Errorf("it left %d times in text", n)
			}
		})
	}
}

// TestJoinsAndLeaves has a thousand clients join and leave over both transports, in every way. Each is
// announced once, and the server keeps nothing of them.
func TestJoinsAndLeaves(t *testing.T) {
	const visitors, atOnce = 1000, 20
	const atRest = 3 // goroutines: one for each listener, one for the witness
	s := harness.StartServer(t, nil)
	witness := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, witness.Out, harness.WelcomeLine)

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
		harness.ExpectLine(t, witness.Out, `\* \S+ has left.*`)
	}
	arrived := witness.Out.Count(func(line string) bool { return strings.HasSuffix(line, " has arrived") })
	if arrived != visitors {
		t.Errorf("%d of %d arrived", arrived, visitors)
	}
	if !harness.Eventually(func() bool { return len(harness.ServerGoroutines()) == atRest }) {
		t.Errorf("in the place of %d goroutines there are\n%s", atRest, strings.Join(harness.ServerGoroutines(), "\n\n"))
	}
	witness.Say(t, "/who")
	if others := harness.ExpectLine(t, witness.Out, "= (.*)")[0]; strings.Contains(others, ",") {
		t.Errorf("still here: %s", others)
	}
}

// visit comes in, is welcomed, and goes as the visitor's number says.
func visit(s *harness.Server, i int) error {
	if i%2 == 0 {
		conn, err := net.Dial("tcp", s.TCP)
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Fprintln(conn, "/who") // else it is not announced
		in := bufio.NewReader(conn)
		for line := ""; !strings.HasPrefix(line, "= "); {
			if line, err = in.ReadString('\n'); err != nil {
				return err
			}
		}
		return part(conn.(*net.TCPConn), i/2)
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
	return nil // closed without a word
}

// part leaves over TCP: with FIN, with a reset, or by asking for it.
func part(conn *net.TCPConn, way int) error {
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
