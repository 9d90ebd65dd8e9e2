package tcpgw

import (
	"bytes"
	"fmt"

	"partyline/hub/wire"
)

// A foreign is the error of a stream that begins as another protocol does. None of it is a
// line, and nothing that follows is read as one: it may hold a password, or what a hostile
// page had a browser send.
type foreign struct {
	protocol *protocol
	answer   []byte // what the client is told, before the end
}

func (f *foreign) Error() string { return "not a chat client: " + f.protocol.name }

// newForeign returns the error of a stream whose first line is of a protocol. web is the
// address of the web page; "" if there is none.
func newForeign(p *protocol, line []byte, web string) *foreign {
	say := fmt.Sprintf("this is a chat line, and what came looks like %s: %s", p.name, p.advice)
	if p == protocolHTTP {
		say = "this is a chat line and has no web page"
		if web != "" {
			say = "this is a chat line; the web page is at " + web
		}
	}
	answer := text{}.Append(nil, &wire.Refusal{Message: say})
	if p == protocolHTTP {
		answer = badRequest(answer, bytes.HasPrefix(line, []byte("HEAD ")))
	}
	return &foreign{p, answer}
}

// badRequest returns an HTTP response with a text as its body, or the header alone of such a
// response.
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
