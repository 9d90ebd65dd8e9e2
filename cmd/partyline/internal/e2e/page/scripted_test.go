package page

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/web"
)

// A request is a request from the page, with the fields that the tests check.
type request struct {
	Type, Ref, Key, Room, Text, Words string
	Before                            int64
	Limit                             int
}

// A scripted server serves the page and answers its requests as a test decides.
type scripted struct {
	url      string
	requests *harness.Feed[request]
}

const scriptedTime = "2026-03-14T09:26:53.589Z"

// An object is an event in JSON.
type object map[string]any

// startScripted starts a scripted server. It welcomes each client to the lobby as a guest, and
// answers each request with the events that answer returns.
func startScripted(t *testing.T, answer func(request) []object) *scripted {
	t.Helper()
	s := &scripted{requests: harness.NewFeed[request]()}
	handler := func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"partyline.json.v1"}})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		members := []object{{"nick": "guest-x7k2", "via": "ws"}}
		err = wsjson.Write(r.Context(), conn, object{
			"type": "welcome", "room": "lobby", "nick": "guest-x7k2", "token": "unused", "members": members, "count": 1, "last": 0,
		})
		for err == nil {
			var req request
			if err = wsjson.Read(r.Context(), conn, &req); err != nil {
				return
			}
			s.requests.Add(req)
			for _, e := range answer(req) {
				if err == nil {
					err = wsjson.Write(r.Context(), conn, e)
				}
			}
		}
	}
	site := httptest.NewServer(web.New(web.Options{WebSocket: http.HandlerFunc(handler)}))
	t.Cleanup(site.Close)
	s.url = site.URL
	return s
}

// defaultAnswer lets each client resume as alice, accepts each message and returns an empty history. It
// knows no other requests.
func defaultAnswer(r request) []object {
	switch r.Type {
	case "say":
		return []object{
			{"type": "ack", "ref": r.Ref, "key": r.Key, "id": 1},
			{"type": "message", "id": 1, "at": scriptedTime, "room": "lobby", "from": "alice", "via": "ws", "text": r.Text},
		}
	case "resume":
		members := []object{{"nick": "alice", "via": "ws"}}
		return []object{{
			"type": "welcome", "ref": r.Ref, "room": "lobby", "nick": "alice", "token": "secret", "members": members, "count": 1, "last": 0,
		}}
	case "history":
		return []object{{"type": "history", "ref": r.Ref, "messages": []object{}, "more": false}}
	}
	return []object{{"type": "error", "ref": r.Ref, "code": "unknown_type", "message": "unknown type"}}
}

// await returns the next request of a type.
func (s *scripted) await(t *testing.T, typ string) request {
	t.Helper()
	r, err := s.requests.Await(func(r request) bool { return r.Type == typ })
	if err != nil {
		t.Fatalf("a request to %s %v", typ, err)
	}
	return r
}
