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

// A proxiedClient is a client in text whose address is set by a proxy header.
type proxiedClient struct {
	out *harness.Feed[string]
	say func(lines ...string)
	end func() // resets the connection
}

// attacker is the address that reconnects, and bystander is an unrelated address.
const attacker, bystander = "203.0.113.7", "198.51.100.1"

// dialProxied connects over a transport as a proxy does for addr. If the WebSocket handshake is refused, the
// only line of the client is the refusal, as over TCP.
func dialProxied(t *testing.T, s *harness.Server, transport, addr string) *proxiedClient {
	c := &proxiedClient{out: harness.NewFeed[string]()}
	if transport == "tcp" {
		conn := harness.Dial(t, s.TCP)
		fmt.Fprintf(conn, "PROXY TCP4 %s 127.0.0.1 1000 4000\r\n", addr)
		go harness.ReadLines(conn, c.out)
		c.say = func(lines ...string) { io.WriteString(conn, strings.Join(lines, "\n")+"\n") }
		c.end = func() { hubtest.Reset(conn) }
		return c
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
		c.out.Add("! " + strings.TrimSpace(string(body)))
		c.say, c.end = func(...string) {}, func() {}
		return c
	}
	c.say = func(lines ...string) {
		for _, line := range lines {
			ws.Write(ctx, websocket.MessageText, []byte(line))
		}
	}
	c.end = func() { hubtest.Reset(conn); ws.CloseNow(); cancel() }
	t.Cleanup(c.end)
	ws.SetReadLimit(-1)
	go func() {
		for {
			_, line, err := ws.Read(ctx)
			if err != nil {
				c.out.Finish(err)
				return
			}
			c.out.Add(string(line))
		}
	}()
	return c
}

// first returns the first line that the client receives, which is a welcome or a refusal. It reports
// whether the client was admitted.
func (c *proxiedClient) first(t *testing.T) (line string, in bool) {
	t.Helper()
	line = harness.ExpectLine(t, c.out, `(\* You are .*|! .*)`)[0]
	return line, strings.HasPrefix(line, "* ")
}
