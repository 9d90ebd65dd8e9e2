package tcpgw

import (
	"bytes"
	"fmt"

	"partyline/hub/wire"
)

// A foreignError is the error for a stream of another protocol. No part of the stream becomes a
// line: it may contain a password, or a request that a hostile page makes a browser send.
type foreignError struct {
	protocol *protocol
	answer   []byte // the last bytes that the client receives
}

func (e *foreignError) Error() string { return "not a chat client: " + e.protocol.name }

// newForeignError returns the error for a stream of protocol p. line is its first line. web is
// the address of the web page; "" if there is none.
func newForeignError(p *protocol, line []byte, web string) *foreignError {
	message := fmt.Sprintf("this is a chat line, and what came looks like %s: %s", p.name, p.advice)
	if p == protocolHTTP {
		message = "this is a chat line and has no web page"
		if web != "" {
			message = "this is a chat line; the web page is at " + web
		}
	}
	answer := textCodec{}.Append(nil, &wire.Refusal{Message: message})
	if p == protocolHTTP {
		answer = badRequest(answer, bytes.HasPrefix(line, []byte("HEAD ")))
	}
	return &foreignError{p, answer}
}

// badRequest returns an HTTP response with status 400. With headerOnly it leaves out the body.
func badRequest(body []byte, headerOnly bool) []byte {
	response := fmt.Appendf(nil, "HTTP/1.1 400 Bad Request\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\n"+
		"Connection: close\r\n\r\n", len(body))
	if headerOnly {
		return response
	}
	return append(response, body...)
}
