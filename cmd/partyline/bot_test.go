package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// event is what a server sends in JSON, as far as the tests look at it.
type event struct {
	Type, Room, From, To, Nick, Via, Text string
	Ref, Key, Code, Reason                string
	ID, Last, After, Before, Missed       int64
	Count                                 int
	Reconnect, Lost, More                 bool
	Stored                                *bool
	Messages                              []event
}

// bot is a client in JSON, over either door.
type bot struct {
	out  *feed[event]
	send func(request any) error
}

func (b *bot) request(t *testing.T, request map[string]any) {
	t.Helper()
	if err := b.send(request); err != nil {
		t.Fatal(err)
	}
}

func (b *bot) expect(t *testing.T, what string, match func(event) bool) event {
	t.Helper()
	e, err := b.out.await(match)
	if err != nil {
		t.Fatalf("%s %v", what, err)
	}
	return e
}

func (b *bot) expectType(t *testing.T, typ string) event {
	t.Helper()
	return b.expect(t, typ, func(e event) bool { return e.Type == typ })
}

// dialTCPBot comes in as text and goes on in JSON.
func dialTCPBot(t *testing.T, addr string) *bot {
	t.Helper()
	conn := dial(t, addr)
	b := &bot{newFeed[event](), json.NewEncoder(conn).Encode}
	if _, err := fmt.Fprintln(conn, "/format json"); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(conn)
		lines.Buffer(nil, 1<<20)
		object := false
		for lines.Scan() {
			if object = object || strings.HasPrefix(lines.Text(), "{"); object {
				b.hear(lines.Bytes())
			}
		}
		if err := lines.Err(); err != nil {
			b.out.finish(err)
			return
		}
		b.out.finish(io.EOF)
	}()
	return b
}

// dialBot opens a WebSocket in JSON with a client that bears no breach of RFC 6455.
func dialBot(t *testing.T, url string) *bot {
	t.Helper()
	conn, _, err := dialWebSocket(t, url, &websocket.DialOptions{Subprotocols: []string{"partyline.json.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bot{out: newFeed[event]()}
	b.send = func(request any) error {
		data, err := json.Marshal(request)
		if err != nil {
			return err
		}
		return conn.Write(context.Background(), websocket.MessageText, data)
	}
	go func() {
		for {
			_, data, err := conn.Read(context.Background())
			if err != nil {
				b.out.finish(err)
				return
			}
			b.hear(data)
		}
	}()
	return b
}

func dialWebSocket(t *testing.T, url string, opts *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, url, opts)
	if err == nil {
		conn.SetReadLimit(1 << 20)
		t.Cleanup(func() { conn.CloseNow() })
	}
	return conn, res, err
}

// hear takes one frame or line, which has to be one event.
func (b *bot) hear(data []byte) {
	var e event
	if err := json.Unmarshal(data, &e); err != nil {
		e = event{Type: "not JSON", Text: fmt.Sprintf("%v: %s", err, data)}
	}
	b.out.add(e)
}

// expectClose waits for the end of a WebSocket and fails where it has another code.
func (b *bot) expectClose(t *testing.T, code websocket.StatusCode) {
	t.Helper()
	if _, end := b.out.rest(t); websocket.CloseStatus(end) != code {
		t.Errorf("the WebSocket ended with %v, not with close code %d", end, code)
	}
}
