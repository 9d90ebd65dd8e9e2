package wsgw

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"partyline/hub"
	"partyline/hub/clean"
)

// TestQuery checks that the parameters of the URL are validated like commands, and that the
// answers contain no unsafe text.
func TestQuery(t *testing.T) {
	g := &Gateway{Hub: hub.New(hub.Options{}), MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		g.Hub.Shutdown(context.Background())
		g.Wait()
	})
	call := func(protocol string, query url.Values) *websocket.Conn {
		dialer := &websocket.Dialer{Subprotocols: []string{protocol}}
		ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ws.Close() })
		ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		return ws
	}
	expect := func(ws *websocket.Conn, want ...string) {
		t.Helper()
		for _, part := range want {
			_, data, err := ws.ReadMessage()
			if err != nil || !strings.Contains(string(data), part) || clean.Text(string(data)) != string(data) {
				t.Fatalf("%q, %v; want %q", data, err, part)
			}
		}
	}

	alice := call(protocolText, url.Values{"nick": {"alice"}, "room": {"Ops"}})
	expect(alice, "* You are alice in #ops, alone")
	for _, bad := range []string{"\x1b[2J\u202e\u2028", "\xff", "a\nb", "e" + strings.Repeat("\u0301", 40), strings.Repeat("x", 3000)} {
		query := url.Values{"nick": {bad}, "room": {bad}, "since": {bad}}
		expect(call(protocolText, query), "* You are guest-", "! not a name", "! not a room", "! since is not an id")
		expect(call(protocolJSON, query), `"room":"lobby","nick":"guest-`, `"nick_invalid"`, `"room_invalid"`, `"bad_request"`)
	}
	expect(call(protocolText, url.Values{"nick": {"a1ice"}}), "* You are guest-", "! a1ice is taken")
	expect(call(protocolText, url.Values{"nick": {"\u0430lice"}}), "* You are guest-", "! not a name")
	expect(call(protocolText, url.Values{"nick": {"adm1n"}}), "* You are guest-", "! not a name: adm1n is reserved")
}
