package client

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"partyline/hub/wire"
)

// dialTimeout bounds an attempt to connect, up to the welcome.
const dialTimeout = 15 * time.Second

// A DialError says why a server could not be reached, or did not let the client in.
type DialError struct {
	Address string // that was tried
	Refused bool   // the server was reached, and refused the client, its name or its room
	Err     error  // the cause
	Hint    string // what to try; may be ""
}

func (e *DialError) Error() string {
	s := fmt.Sprintf("connect to %s: %v", e.Address, e.Err)
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

func (e *DialError) Unwrap() error { return e.Err }

// A dialer opens links.
type dialer struct {
	opts   Options
	pinged func() // see newFrameLink
}

// An identity is what a client asks for when it connects.
type identity struct {
	nick, room string // "" for any
	again      bool   // the client has been in a room, so another member may have its name by now
}

// connect opens a link to t and returns it with the server's welcome.
func (d *dialer) connect(ctx context.Context, t *target, want identity) (link, *object, error) {
	l, w, err := d.open(ctx, t, want)
	if err == nil && w.Type != "welcome" {
		l.close()
		err = &DialError{Err: errors.New("it sent no welcome"), Hint: "is it partyline?"}
	}
	if err != nil {
		return nil, nil, explain(err, t)
	}
	return l, w, nil
}

// explain returns the error of an attempt to connect to t, with the address and a hint.
func explain(err error, t *target) *DialError {
	var d *DialError
	if !errors.As(err, &d) {
		d = &DialError{Err: shorten(err), Hint: hint(err, t)}
	}
	d.Address, d.Err, d.Hint = t.String(), cleaned(d.Err), wire.CleanLine(shortened(d.Hint))
	return d
}

func (d *dialer) open(ctx context.Context, t *target, want identity) (link, *object, error) {
	conn, err := d.dialConn(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	l, w, err := d.shake(ctx, t, conn, want)
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, nil, err
	}
	if !stop() {
		conn.Close()
		return nil, nil, ctx.Err()
	}
	return l, w, nil
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
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// shake starts the JSON format on a connection and waits for the welcome.
func (d *dialer) shake(ctx context.Context, t *target, conn net.Conn, want identity) (link, *object, error) {
	guarded := &guardedConn{Conn: conn, silence: cmp.Or(d.opts.silence, deadAfter)}
	if t.scheme == "ws" || t.scheme == "wss" {
		return d.shakeWebSocket(ctx, t, guarded, want)
	}
	l := newLineLink(guarded)
	if err := l.write([][]byte{[]byte("/format json\n")}); err != nil {
		return nil, nil, err
	}
	w, err := readTextUntilWelcome(l)
	return l, w, err
}

// readTextUntilWelcome reads the lines in text before the welcome in JSON.
func readTextUntilWelcome(l *lineLink) (*object, error) {
	refusal := "" // the last error or goodbye
	for {
		line, err := l.read()
		switch {
		case bytes.HasPrefix(line, []byte("{")) && err == nil:
			return decode(line)
		case bytes.HasPrefix(line, []byte("HTTP/1.")):
			return nil, &DialError{Err: errors.New("it is a web server"), Hint: "use its http:// or https:// address"}
		case len(line) > 2 && (line[0] == 0x15 || line[0] == 0x16) && line[1] == 3: // a TLS record
			return nil, &DialError{Err: errors.New("it expects TLS"), Hint: "use tls://"}
		case bytes.HasPrefix(line, []byte("! ")):
			refusal = string(line[2:])
		case bytes.HasPrefix(line, []byte("SSH-")):
			return nil, &DialError{Err: errors.New("it is an SSH server"), Hint: "check the port"}
		}
		if err == nil {
			continue
		}
		if refusal != "" {
			return nil, &DialError{Refused: true, Err: errors.New(refusal)}
		}
		if err == io.EOF {
			return nil, &DialError{Err: errors.New("it closed the connection before a welcome"), Hint: "is it partyline? Does it expect TLS (tls://)?"}
		}
		return nil, err
	}
}

// shakeWebSocket upgrades a connection to a WebSocket and reads the welcome.
func (d *dialer) shakeWebSocket(ctx context.Context, t *target, conn *guardedConn, want identity) (link, *object, error) {
	query := url.Values{}
	if want.nick != "" {
		query.Set("nick", want.nick)
	}
	if want.room != "" {
		query.Set("room", want.room)
	}
	upgrade := websocket.Dialer{
		Subprotocols:    []string{"partyline.json.v1"},
		NetDialContext:  func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		ReadBufferSize:  bufSize,
		WriteBufferSize: 4 << 10,
	}
	u := url.URL{Scheme: "ws", Host: t.addr, Path: t.path, RawQuery: query.Encode()} // TLS is below
	if strings.HasSuffix(u.Host, map[string]string{"ws": ":80", "wss": ":443"}[t.scheme]) {
		u.Host = u.Host[:strings.LastIndexByte(u.Host, ':')]
	}
	ws, res, err := upgrade.DialContext(ctx, u.String(), d.opts.Header)
	if err != nil {
		if res != nil {
			return nil, nil, httpError(res, t)
		}
		return nil, nil, err
	}
	if ws.Subprotocol() != "partyline.json.v1" {
		return nil, nil, &DialError{Err: errors.New("its WebSocket does not speak partyline.json.v1"), Hint: "check the path"}
	}
	l := newFrameLink(conn, ws, d.pinged)
	line, err := l.read()
	if err != nil {
		return nil, nil, err
	}
	w, err := decode(line)
	return l, w, err
}

// httpError returns the error for an answer that is not 101.
func httpError(res *http.Response, t *target) *DialError {
	line, _ := bufio.NewReader(io.LimitReader(res.Body, 1000)).ReadString('\n')
	line = strings.TrimSpace(line)
	e := &DialError{Err: fmt.Errorf("the server answered %s", res.Status)}
	switch res.StatusCode {
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		e.Hint = "a proxy answered for partyline, which it does not reach: is partyline running?"
	case http.StatusNotFound, http.StatusOK, http.StatusMethodNotAllowed:
		e.Hint = "there is no partyline at the path " + t.path + ": check the address, or use that of the page"
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		e.Hint = "it redirects to " + res.Header.Get("Location") + ": use that address"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusForbidden, http.StatusMisdirectedRequest:
		e.Refused = true
		if line != "" && !strings.HasPrefix(line, "<") {
			e.Err = fmt.Errorf("the server answered %s: %s", res.Status, line)
		}
	default:
		e.Hint = "a proxy may lack the configuration for WebSockets"
	}
	return e
}

// shorten returns the cause of an error of package net without the operation and the addresses.
func shorten(err error) error {
	var dns *net.DNSError
	var system *os.SyscallError
	switch {
	case errors.As(err, &dns):
		return fmt.Errorf("the name %s is not known", dns.Name)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("no answer in time")
	case errors.As(err, &system):
		return system.Err
	}
	return err
}

// hint returns what to try after an error, or "".
func hint(err error, t *target) string {
	var unknown x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "check its spelling, and that this machine has a network"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: is partyline running, and is the port right?"
	case errors.Is(err, os.ErrNotExist):
		return "there is no such socket: is partyline running?"
	case errors.Is(err, syscall.EACCES):
		return "this user may not open it"
	case errors.As(err, &unknown):
		return "the certificate is not signed by a known authority: add it with SSL_CERT_FILE=FILE"
	case errors.As(err, &wrongName):
		return "the certificate is for another name: use that name as the address"
	case errors.As(err, &invalid):
		return "the certificate is not valid now: check this machine's clock"
	case errors.As(err, &record):
		return "it does not speak TLS: use " + map[string]string{"wss": "ws", "tls": "tcp"}[t.scheme] + "://"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "a firewall may be in between, or the port may belong to something else"
	}
	return ""
}
