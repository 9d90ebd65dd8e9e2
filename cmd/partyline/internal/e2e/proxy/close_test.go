//go:build unix

package proxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
)

// TestShutdown has a bot receive the goodbye and the close code through each proxy.
func TestShutdown(t *testing.T) {
	for _, s := range proxies.All {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			server := harness.StartServer(t, func(c *app.Config) { c.Limits.Proxies = []string{"127.0.0.1"} })
			n := s.Start(t, server, sendingPROXY(s))
			bot := harness.DialBot(t, "ws://"+n.HTTP+"/ws")
			bot.ExpectType(t, "welcome")
			var text *harness.TextClient
			if s.RawTCP {
				text = harness.DialText(t, n.TCP)
				harness.ExpectLine(t, text.Out, harness.WelcomeLine)
			}

			server.Stop()
			if bye := bot.ExpectType(t, "bye"); bye.Reason != "shutdown" || !bye.Reconnect {
				t.Errorf("the goodbye is %+v", bye)
			}
			bot.ExpectClose(t, websocket.StatusServiceRestart)
			if s.RawTCP {
				harness.ExpectLine(t, text.Out, harness.GoodbyeLine)
			}
		})
	}
}

// TestMessageTooLong sends messages that are too long, without a proxy and through each. One is
// slightly too long, the other so long that the server refuses it before all of it has arrived. The
// bot receives the close code in both cases.
func TestMessageTooLong(t *testing.T) {
	harness.SkipIfShort(t)
	server := harness.StartServer(t, nil)
	routes := map[string]string{"direct": server.HTTP}
	for _, s := range proxies.All {
		routes[s.Name] = s.Start(t, server, nil).HTTP
	}
	for route, addr := range routes {
		for _, size := range []int{40_000, 4_000_000} {
			t.Run(fmt.Sprintf("%s, %d", route, size), func(t *testing.T) {
				bot := harness.DialBot(t, "ws://"+addr+"/ws")
				bot.ExpectType(t, "welcome")
				if err := bot.Send(map[string]any{"type": "say", "text": strings.Repeat("a", size)}); err != nil {
					t.Errorf("disconnected while sending: %v", err)
				}
				bot.ExpectClose(t, websocket.StatusMessageTooBig)
			})
			t.Run(fmt.Sprintf("%s, %d, without reading", route, size), func(t *testing.T) {
				sendUnread(t, addr, size)
			})
		}
	}
}

// sendUnread sends a message that is too long before it reads anything but the response. It receives
// the welcome, the close frame and, after its own close frame, EOF; never a reset.
func sendUnread(t *testing.T, addr string, size int) {
	conn := harness.DialUpgrade(t, addr, "/ws", "")
	conn.SetDeadline(time.Now().Add(harness.Patience))
	in := bufio.NewReader(conn)
	for line := ""; line != "\r\n"; { // Caddy 2.6 loses frames that come before its response
		var err error
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	header := []byte{0x81, 0x80 | 126, byte(size >> 8), byte(size)}
	if size > 0xffff {
		header = binary.BigEndian.AppendUint64([]byte{0x81, 0x80 | 127}, uint64(size))
	}
	if _, err := conn.Write(append(header, make([]byte, 4+size)...)); err != nil {
		t.Fatalf("disconnected while sending: %v", err)
	}
	tooLong := []byte{0x88, 2, 1009 >> 8, 1009 & 0xff}
	var got []byte
	for !bytes.HasSuffix(got, tooLong) {
		b, err := in.ReadByte()
		if err != nil {
			t.Fatalf("after %q: %v, want close code 1009", got, err)
		}
		got = append(got, b)
	}
	conn.Write([]byte{0x88, 0x82, 0, 0, 0, 0, 1009 >> 8, 1009 & 0xff})
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Errorf("after the close frame: got %q, %v", rest, err)
	}
}

// TestIdle has each proxy close a WebSocket without traffic after 3 s. A server that sends pings in
// shorter intervals keeps the WebSocket of a bot that sends nothing.
func TestIdle(t *testing.T) {
	harness.SkipIfShort(t)
	const limit = 3 * time.Second
	kept, closed := make(map[string]*harness.Bot), make(map[string]*harness.Bot) // by the name of the proxy
	for ping, bots := range map[time.Duration]map[string]*harness.Bot{limit / 3: kept, 25 * time.Second: closed} {
		p := harness.StartProgram(t, "--ping", ping.String())
		for _, s := range proxies.All {
			n := s.Start(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, s.Idle(limit))
			bots[s.Name] = harness.DialBot(t, "ws://"+n.HTTP+"/ws?room="+strings.ToLower(s.Name))
		}
	}
	for name, bot := range kept {
		for range 4 {
			bot.ExpectType(t, "ping")
		}
		if ack := bot.Say(t, "key", "hello"); ack.Type != "ack" {
			t.Errorf("%s: after 4 s the answer is %+v", name, ack)
		}
	}
	for name, bot := range closed {
		bot.ExpectType(t, "welcome")
		if _, end := bot.Out.Rest(t); end == nil {
			t.Errorf("%s: the WebSocket did not end", name)
		}
	}
}
