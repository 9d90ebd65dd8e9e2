package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"partyline/hub/wire"
)

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

// explain returns the error of an attempt to connect to t, with the address and a hint.
func explain(err error, t *target) *DialError {
	var d *DialError
	if !errors.As(err, &d) {
		d = &DialError{Err: shorten(err), Hint: hint(err, t)}
	}
	d.Address, d.Err, d.Hint = t.String(), cleaned(d.Err), wire.CleanLine(shortened(d.Hint))
	return d
}

// foreign returns the error for a line of a server that is not partyline, or nil.
func foreign(line []byte) *DialError {
	switch {
	case bytes.HasPrefix(line, []byte("HTTP/1.")):
		return &DialError{Err: errors.New("it is a web server"), Hint: "use its http:// or https:// address"}
	case len(line) > 2 && (line[0] == 0x15 || line[0] == 0x16) && line[1] == 3: // a TLS record
		return &DialError{Err: errors.New("it expects TLS"), Hint: "use tls://"}
	case bytes.HasPrefix(line, []byte("SSH-")):
		return &DialError{Err: errors.New("it is an SSH server"), Hint: "check the port"}
	}
	return nil
}

// withoutTLS returns the error for a refusal of partyline that a server sends in place of a TLS
// handshake, as one that is full does, or nil. Anybody on the way may have sent it, so that it does
// not count as refused.
func withoutTLS(answer []byte) *DialError {
	line, _, _ := bytes.Cut(answer, []byte{'\n'})
	reason, ok := bytes.CutPrefix(line, []byte("! "))
	if !ok || bytes.Contains(reason, []byte("TLS")) { // it has none
		return nil
	}
	return &DialError{Err: fmt.Errorf("it answered without TLS: %s", reason)}
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
	case http.StatusBadRequest:
		if reason, ok := strings.CutPrefix(line, "! "); ok { // partyline at its TCP listener
			return &DialError{Err: errors.New(reason), Hint: "use its tcp:// address"}
		}
		fallthrough
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
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errEOF
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
