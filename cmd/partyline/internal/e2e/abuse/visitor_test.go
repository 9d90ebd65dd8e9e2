package abuse

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest"
)

// A visitor is a member in text, over either door, that a proxy forwards for an address.
type visitor struct {
	out *harness.Feed[string]
	say func(lines ...string)
	end func() // breaks the connection
}

// attacker is the address that reconnects, bystander another one.
const attacker, bystander = "203.0.113.7", "198.51.100.1"

// forward connects for an address over a door. A WebSocket that is refused hears why in its
// only line, as a TCP connection does.
func forward(t *testing.T, s *harness.Server, door, addr string) *visitor {
	v := &visitor{out: harness.NewFeed[string]()}
	if door == "tcp" {
		conn := harness.Dial(t, s.TCP)
		fmt.Fprintf(conn, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n", addr)
		go harness.ReadLines(conn, v.out)
		v.say = func(lines ...string) { io.WriteString(conn, strings.Join(lines, "\n")+"\n") }
		v.end = func() { hubtest.Reset(conn) }
		return v
	}
	ctx, cancel := context.WithTimeout(context.Background(), harness.Patience)
	conn := harness.Dial(t, s.HTTP)
	ws, res, err := websocket.Dial(ctx, "ws://"+s.HTTP+"/ws", &websocket.DialOptions{
		HTTPHeader: http.Header{"X-Forwarded-For": {addr}},
		HTTPClient: &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		}},
	})
	if err != nil {
		cancel()
		if res == nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		v.out.Add("! " + strings.TrimSpace(string(body)))
		v.say, v.end = func(...string) {}, func() {}
		return v
	}
	v.say = func(lines ...string) {
		for _, line := range lines {
			ws.Write(ctx, websocket.MessageText, []byte(line))
		}
	}
	v.end = func() { hubtest.Reset(conn); ws.CloseNow(); cancel() }
	t.Cleanup(v.end)
	ws.SetReadLimit(-1)
	go func() {
		for {
			_, line, err := ws.Read(ctx)
			if err != nil {
				v.out.Finish(err)
				return
			}
			v.out.Add(string(line))
		}
	}()
	return v
}

// first returns the first line that a visitor gets: the welcome, or why it can't come in.
func (v *visitor) first(t *testing.T) (line string, in bool) {
	t.Helper()
	line = harness.ExpectLine(t, v.out, `(\* You are .*|! .*)`)[0]
	return line, strings.HasPrefix(line, "* ")
}
