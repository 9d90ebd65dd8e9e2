package harness

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

// Event is an event in JSON, with the fields that the tests check.
type Event struct {
	Type, Room, From, To, Nick, Via, Text string
	Ref, Key, Code, Reason, Token         string
	ID, Last, After, Before, Missed       int64
	Count                                 int
	Reconnect, Resumed, Lost, More        bool
	Stored                                *bool
	Messages                              []Event
}

// Bot is a client in JSON, over TCP or WebSocket.
type Bot struct {
	Out  *Feed[Event]            // the events received
	Send func(request any) error // encodes and sends a request
}

// Request sends a request.
func (b *Bot) Request(t *testing.T, request map[string]any) {
	t.Helper()
	if err := b.Send(request); err != nil {
		t.Fatal(err)
	}
}

// Expect waits for an event that matches. what names the event in failure messages.
func (b *Bot) Expect(t *testing.T, what string, match func(Event) bool) Event {
	t.Helper()
	e, err := b.Out.Await(match)
	if err != nil {
		t.Fatalf("%s %v", what, err)
	}
	return e
}

// ExpectType waits for an event of a type.
func (b *Bot) ExpectType(t *testing.T, typ string) Event {
	t.Helper()
	return b.Expect(t, typ, func(e Event) bool { return e.Type == typ })
}

// DialTCPBot connects over TCP and changes to JSON with /format.
func DialTCPBot(t *testing.T, addr string) *Bot {
	t.Helper()
	conn := Dial(t, addr)
	b := &Bot{NewFeed[Event](), json.NewEncoder(conn).Encode}
	if _, err := fmt.Fprintln(conn, "/format json"); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(conn)
		lines.Buffer(nil, 1<<20)
		object := false
		for lines.Scan() {
			if object = object || strings.HasPrefix(lines.Text(), "{"); object {
				b.receive(lines.Bytes())
			}
		}
		if err := lines.Err(); err != nil {
			b.Out.Finish(err)
			return
		}
		b.Out.Finish(io.EOF)
	}()
	return b
}

// DialBot connects over WebSocket, in JSON.
func DialBot(t *testing.T, url string) *Bot {
	t.Helper()
	return DialBotWith(t, nil, url)
}

// DialBotWith is like [DialBot] but connects with an HTTP client.
func DialBotWith(t *testing.T, client *http.Client, url string) *Bot {
	t.Helper()
	conn, _, err := DialWebSocket(t, url, &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{"partyline.json.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	b := &Bot{Out: NewFeed[Event]()}
	b.Send = func(request any) error {
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
				b.Out.Finish(err)
				return
			}
			b.receive(data)
		}
	}()
	return b
}

// receive adds the event of a frame or a line.
func (b *Bot) receive(data []byte) {
	var e Event
	if err := json.Unmarshal(data, &e); err != nil {
		e = Event{Type: "not JSON", Text: fmt.Sprintf("%v: %s", err, data)}
	}
	b.Out.Add(e)
}

// ExpectClose waits for the end of a WebSocket and checks its close code.
func (b *Bot) ExpectClose(t *testing.T, code websocket.StatusCode) {
	t.Helper()
	if _, end := b.Out.Rest(t); websocket.CloseStatus(end) != code {
		t.Errorf("the WebSocket ended with %v, want close code %d", end, code)
	}
}

// Say says a text with a key, and returns the response, which has the same key.
func (b *Bot) Say(t *testing.T, key, text string) Event {
	t.Helper()
	b.Request(t, map[string]any{"type": "say", "text": text, "key": key})
	return b.Expect(t, "the response to "+key, func(e Event) bool { return e.Key == key })
}

// Messages returns the messages received so far.
func (b *Bot) Messages() (log []Message) {
	for _, e := range b.Out.All() {
		if e.Type == "message" {
			log = append(log, Message{e.ID, e.Text})
		}
	}
	return log
}
