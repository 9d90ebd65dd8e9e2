package main

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
)

// TestBrokenConnections resets connections, as a machine does that loses its power: the
// room is told once.
func TestBrokenConnections(t *testing.T) {
	s := startServer(t, nil)
	witness := call(t, s.tcp)
	expectLine(t, witness.out, welcomed)
	bot := dialBot(t, "ws://"+s.http+"/ws")
	bot.expectType(t, "welcome")
	witness.say(t, "here") // so that its arrival is no other's
	bot.expect(t, "what the witness says", func(e event) bool { return e.Text == "here" })

	for door, connect := range map[string]func() *net.TCPConn{
		"tcp": func() *net.TCPConn { return dial(t, s.tcp) },
		"ws":  func() *net.TCPConn { return dialRawWebSocket(t, s.http) },
	} {
		t.Run(door, func(t *testing.T) {
			conn := connect()
			nick := bot.expect(t, "the arrival", func(e event) bool { return e.Type == "join" && e.Via == door }).Nick
			conn.SetLinger(0)
			conn.Close()
			expectLine(t, witness.out, `\* `+nick+" has left")
			left := func(e event) bool { return e.Type == "leave" && e.Nick == nick }
			bot.expect(t, "the leave", left)

			witness.say(t, "after "+door)
			expectLine(t, witness.out, `\S+: after `+door)
			bot.expect(t, "what was said after", func(e event) bool { return e.Text == "after "+door })
			if n := bot.out.count(left); n != 1 {
				t.Errorf("it left %d times in JSON", n)
			}
			if n := witness.out.count(func(line string) bool { return line == "* "+nick+" has left" }); n != 1 {
				t.Errorf("it left %d times in text", n)
			}
		})
	}
}

// dialRawWebSocket opens a WebSocket and returns the connection under it.
func dialRawWebSocket(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn := dial(t, addr)
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr)
	return conn
}

// TestComingsAndGoings has a thousand come and go over both doors, in every way: each is
// announced once, and nothing is left of any.
func TestComingsAndGoings(t *testing.T) {
	const visitors, atOnce = 1000, 20
	const atRest = 3 // goroutines: one a door, one for the witness
	s := startServer(t, nil)
	witness := call(t, s.tcp)
	expectLine(t, witness.out, welcomed)

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
		expectLine(t, witness.out, `\* \S+ has left.*`)
	}
	arrived := witness.out.count(func(line string) bool { return strings.HasSuffix(line, " has arrived") })
	if arrived != visitors {
		t.Errorf("%d of %d arrived", arrived, visitors)
	}
	if !eventually(func() bool { return len(serverGoroutines()) == atRest }) {
		t.Errorf("in the place of %d goroutines there are\n%s", atRest, strings.Join(serverGoroutines(), "\n\n"))
	}
	witness.say(t, "/who")
	if others := expectLine(t, witness.out, "= (.*)")[0]; strings.Contains(others, ",") {
		t.Errorf("still here: %s", others)
	}
}

// visit comes in, is welcomed, and goes as the visitor's number says.
func visit(s *server, i int) error {
	if i%2 == 0 {
		conn, err := net.Dial("tcp", s.tcp)
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
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws://"+s.http+"/ws?room=lobby", &websocket.DialOptions{HTTPClient: client})
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
