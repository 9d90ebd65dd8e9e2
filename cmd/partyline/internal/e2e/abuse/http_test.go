//go:build linux

package abuse

import (
	"fmt"
	"strings"
	"time"
)

// requestCase returns a case that sends a request and expects a response that starts with want.
func requestCase(name, request, want string) abuse {
	return abuse{name: name, run: func(a *abuser) {
		c := a.http()
		a.background.Go(func() { send(c, request) })
		if got := a.readUntil(c, want); !strings.HasPrefix(got, want) {
			a.Errorf("response %.100q, want %q", got, want)
		}
	}}
}

var httpAbuses = []abuse{
	requestCase("40 KiB of headers", "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 40<<10)+"\r\n\r\n", "HTTP/1.1 431"),
	requestCase("noise as a request", noise(1000)+"\r\n\r\n", "HTTP/1.1 400"),
	requestCase("a TLS ClientHello over HTTP", clientHello, "HTTP/1."),
	requestCase("two Content-Length headers", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde", "HTTP/1.1 400"),
	requestCase("Content-Length and chunks", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 4"),
	requestCase("HTTP/1.0", "GET /ws HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "HTTP/1.0 400"),
	requestCase("an unsupported version", strings.Replace(handshake, "Version: 13", "Version: 8", 1)+"Connection: close\r\n\r\n", "HTTP/1.1 4"),
	requestCase("an invalid key", strings.Replace(handshake, "dGhlIHNhbXBsZSBub25jZQ==", "nonsense", 1)+"\r\n", "HTTP/1.1 400"),
	{name: "incomplete bodies", run: func(a *abuser) {
		for _, request := range []string{
			"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf",
			"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
			"GET /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf",
		} {
			c := a.http()
			send(c, request)
			start := time.Now()
			if a.discard(c, caseTime); time.Since(start) > caseTime/2 {
				a.Errorf("%.20q: the server waited for the body", request)
			}
		}
	}},
	{name: "foreign origins that flood the log", run: func(a *abuser) {
		c := a.http()
		for range 60 { // the server logs one line at most for each connection
			send(c, handshake+"Origin: http://\u009b31m\u202e"+strings.Repeat("x", 8000)+"\r\n\r\n")
		}
		a.discard(c, time.Second)
	}},
	{name: "100 foreign origins", run: func(a *abuser) {
		a.each(100, func(i int) {
			c := a.http()
			send(c, handshake+fmt.Sprintf("Origin: http://evil%d.example\r\n\r\n", i))
			if got := a.readUntil(c, " 403 "); !strings.HasPrefix(got, "HTTP/1.1 403") {
				a.Errorf("response %.100q, want status 403", got)
			}
		})
	}},
	{name: "the page, 1,000 times", run: func(a *abuser) {
		a.each(20, func(int) {
			c := a.http()
			a.background.Go(func() {
				send(c, strings.Repeat("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 49)+"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
			})
			if got := a.drain(c, caseTime); strings.Count(got, "HTTP/1.1 200") != 50 {
				a.Errorf("%d responses with status 200, want 50", strings.Count(got, "HTTP/1.1 200"))
			}
		})
	}},
	{name: "pages of the history, 400 times", run: func(a *abuser) {
		a.each(20, func(i int) {
			c := a.http()
			a.background.Go(func() {
				send(c, strings.Repeat(fmt.Sprintf("GET /log/lobby?before=%d HTTP/1.1\r\nHost: localhost\r\n\r\n", 1_000_000_000+i), 19)+"GET /log/lobby HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
			})
			got := a.drain(c, caseTime)
			if n := strings.Count(got, "HTTP/1.1 200") + strings.Count(got, "HTTP/1.1 503"); n != 20 {
				a.Errorf("%d responses with status 200 or 503, want 20", n)
			}
		})
	}},
	{name: "pages of the history that are not read", run: func(a *abuser) {
		for range 40 {
			c := a.http()
			a.background.Go(func() {
				send(c, strings.Repeat("GET /log/lobby?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n", 500))
			})
		}
		time.Sleep(2 * time.Second) // time for the flood
	}},
	{name: "invalid names and rooms in the query", run: func(a *abuser) {
		for _, q := range []string{"nick=%00%1b[2J", "nick=" + strings.Repeat("x", 8000), "room=../../etc", "room=%E2%80%AE", "since=-1", "since=99999999999999999999999", "nick=a&nick=b&room=a&room=b"} {
			c := a.http()
			send(c, strings.Replace(handshake, "/ws ", "/ws?"+q+" ", 1)+"\r\n")
			got := a.readUntil(c, "* You are ") + a.drain(c, 200*time.Millisecond)
			_, stream, _ := strings.Cut(got, "\r\n\r\n")
			text := ""
			for payload, rest := nextFrame(stream); rest != stream; payload, rest = nextFrame(stream) {
				text, stream = text+payload, rest
			}
			if !strings.HasPrefix(got, "HTTP/1.1 101") || !strings.HasPrefix(text, "* You are ") || strings.ContainsFunc(text, forbidden) {
				a.Errorf("%s: %.200q", q, got)
			}
		}
	}},
}
