package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// A WebSocket is what happened when one was opened as by a browser, and then left idle.
type WebSocket struct {
	Answer  Answer        // status 101 if it is open
	Welcome bool          // the welcome has arrived
	Ping    time.Duration // after which the first ping arrived; 0 if none did
	Ended   time.Duration // after which it ended before a ping; 0 if it did not
	Reason  string        // why it ended, if the server has said so
}

// webSocket opens a WebSocket, in a room of its own so that nobody is disturbed, and waits for a ping.
func (p *prober) webSocket(ctx context.Context) (w WebSocket) {
	dialing, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	d := websocket.Dialer{NetDialContext: p.dial, Subprotocols: []string{"partyline.json.v1"}}
	u := strings.Replace(p.Site.URL("/ws?room=doctor-"+strings.ToLower(rand.Text()[:8])), "http", "ws", 1)
	w.Answer.Sent = time.Now()
	ws, res, err := d.DialContext(dialing, u, http.Header{"Origin": {p.Site.Origin()}})
	w.Answer.Took = time.Since(w.Answer.Sent)
	if res != nil {
		body, _ := io.ReadAll(io.LimitReader(res.Body, maxBody))
		w.Answer.Status, w.Answer.Header, w.Answer.Body = res.StatusCode, res.Header, string(body)
	}
	if err != nil {
		if res == nil {
			w.Answer.Err = err
		}
		return w
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	w.idle(ws, p.Idle, p.Timeout)
	ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(p.Timeout))
	return w
}

// idle reads from an open WebSocket until a ping arrives or the time is up.
func (w *WebSocket) idle(ws *websocket.Conn, idle, timeout time.Duration) {
	opened := time.Now()
	ws.SetPingHandler(func(data string) error {
		if w.Ping == 0 {
			w.Ping = time.Since(opened)
		}
		ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(timeout))
		return errPinged
	})
	deadline := opened.Add(max(idle, timeout)) // for the welcome
	for w.Ping == 0 {
		ws.SetReadDeadline(deadline)
		_, _, err := ws.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case err == nil:
			w.Welcome = true
			deadline = opened.Add(idle)
		case errors.Is(err, errPinged), isTimeout(err):
			return
		case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
			w.Reason = closed.Text
			w.Ended = time.Since(opened)
			return
		default:
			w.Ended = time.Since(opened)
			return
		}
	}
}

// errPinged ends the wait for a ping.
var errPinged = errors.New("pinged")

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
