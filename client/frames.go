package client

import (
	"bytes"
	"cmp"
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"partyline/hub/wire"
)

// A frameLink is a link over a WebSocket.
type frameLink struct {
	conn *guardedConn
	ws   *websocket.Conn
	buf  bytes.Buffer
	pong chan string // a ping that the writer has to answer

	refused bool // the server closed the WebSocket because a line was too long, and read has returned an error for it
}

// newFrameLink returns a link. It calls pinged, from the goroutine that reads, when write has a ping to
// answer, which it does even without lines. The library would answer it from the goroutine that
// reads, which would then not read while the server reads nothing.
func newFrameLink(conn *guardedConn, ws *websocket.Conn, pinged func()) *frameLink {
	l := &frameLink{conn: conn, ws: ws, pong: make(chan string, 1)}
	conn.batching = true
	ws.SetReadLimit(maxLine)
	ws.SetCloseHandler(func(int, string) error { return nil })
	ws.SetPingHandler(func(data string) error {
		select {
		case l.pong <- data:
			pinged()
		default: // the answer to the newest ping is enough (RFC 6455 section 5.5.3)
		}
		return nil
	})
	return l
}

func (l *frameLink) read() ([]byte, error) {
	_, r, err := l.ws.NextReader()
	var closed *websocket.CloseError
	if errors.As(err, &closed) && closed.Code == websocket.CloseMessageTooBig && !l.refused {
		l.refused = true // the next read returns the error
		refusal := Error{Code: wire.CodeLineTooLong, Message: cmp.Or(closed.Text, "line too long")}
		return refusal.AppendJSON(nil), nil // as over TCP
	}
	if err != nil {
		return nil, err
	}
	l.buf.Reset()
	_, err = l.buf.ReadFrom(r)
	return l.buf.Bytes(), err
}

func (l *frameLink) write(lines [][]byte) error {
	select {
	case data := <-l.pong:
		if err := l.ws.WriteControl(websocket.PongMessage, []byte(data), time.Time{}); err != nil {
			return err
		}
	default:
	}
	for _, line := range lines {
		if err := l.ws.WriteMessage(websocket.TextMessage, bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
	return l.conn.flush()
}

func (l *frameLink) ready() bool { return false }

func (l *frameLink) arrivals() uint64 { return l.conn.reads.Load() }

func (l *frameLink) interrupt() { l.conn.interrupt() }

func (l *frameLink) close() { l.conn.Close() }
