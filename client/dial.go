package client

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// dialTimeout bounds an attempt to connect, up to the welcome.
const dialTimeout = 15 * time.Second

// A dialer opens links.
type dialer struct {
	opts   Options
	pinged func() // see newFrameLink
}

// join opens a link to t and enters a room.
func (d *dialer) join(ctx context.Context, t *target, want entry) (*arrival, error) {
	if err := want.identity.takeTurn(ctx); err != nil {
		return nil, err
	}
	defer want.identity.endTurn()
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	l, err := d.reach(ctx, t)
	if err != nil {
		return nil, err
	}
	return enter(ctx, l, t, want)
}

// reach opens a link to t. Over a WebSocket the server is partyline; over TCP it may be any.
func (d *dialer) reach(ctx context.Context, t *target) (link, error) {
	conn, err := d.dialConn(ctx, t)
	if err != nil {
		return nil, explain(err, t)
	}
	guarded := &guardedConn{Conn: conn, silence: cmp.Or(d.opts.silence, deadAfter)}
	if t.scheme != "ws" && t.scheme != "wss" {
		return newLineLink(guarded), nil
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	l, err := d.upgrade(ctx, t, guarded)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, explain(err, t)
	}
	return l, nil
}

// dialConn opens the connection under a link.
func (d *dialer) dialConn(ctx context.Context, t *target) (net.Conn, error) {
	var plain net.Dialer
	if t.scheme == "unix" {
		return plain.DialContext(ctx, "unix", t.addr)
	}
	conn, err := plain.DialContext(ctx, "tcp", t.addr)
	if err != nil || t.scheme == "tcp" || t.scheme == "ws" {
		return conn, err
	}
	config := &tls.Config{}
	if d.opts.TLS != nil {
		config = d.opts.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = t.host
	}
	if t.scheme == "wss" {
		config.NextProtos = []string{"http/1.1"}
	}
	first := &firstBytes{Conn: conn}
	secure := tls.Client(first, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		if refusal := withoutTLS(first.b); refusal != nil {
			return nil, refusal
		}
		return nil, err
	}
	first.full = true
	first.b = nil
	return secure, nil
}

// A firstBytes keeps the first bytes that were read from a connection.
type firstBytes struct {
	net.Conn
	b    []byte
	full bool
}

func (c *firstBytes) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.full {
		c.b = append(c.b, b[:n]...)
		c.full = len(c.b) >= bufSize
	}
	return n, err
}

// upgrade upgrades a connection to a WebSocket.
func (d *dialer) upgrade(ctx context.Context, t *target, conn *guardedConn) (*frameLink, error) {
	upgrade := websocket.Dialer{
		Subprotocols:    []string{"partyline.json.v1"},
		NetDialContext:  func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		ReadBufferSize:  bufSize,
		WriteBufferSize: 4 << 10,
	}
	u := url.URL{Scheme: "ws", Host: t.addr, Path: t.path} // TLS is below
	if strings.HasSuffix(u.Host, map[string]string{"ws": ":80", "wss": ":443"}[t.scheme]) {
		u.Host = u.Host[:strings.LastIndexByte(u.Host, ':')]
	}
	ws, res, err := upgrade.DialContext(ctx, u.String(), d.opts.Header)
	if err != nil {
		if res != nil {
			return nil, httpError(res, t)
		}
		return nil, err
	}
	if ws.Subprotocol() != "partyline.json.v1" {
		return nil, &DialError{Err: errors.New("its WebSocket does not speak partyline.json.v1"), Hint: "check the path"}
	}
	return newFrameLink(conn, ws, d.pinged), nil
}
