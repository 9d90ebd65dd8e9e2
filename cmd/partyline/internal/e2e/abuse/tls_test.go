//go:build linux

package abuse

import (
	"crypto/tls"
	"net"
	"strings"
	"time"
)

// below opens a connection to the TCP gateway without the TLS of the target.
func (a *abuser) below() *link { return a.keep(a.target.dialBelow(a.target.TCP)) }

// secure opens a connection to the TCP gateway and does the handshake.
func (a *abuser) secure() *link {
	c := a.tcp()
	if err := c.handshake(); err != nil {
		a.Errorf("the handshake fails: %v", err)
	}
	return c
}

// firstFlight returns what a TLS client sends before it has received anything.
func firstFlight() string {
	client, server := net.Pipe()
	defer server.Close()
	go tls.Client(client, &tls.Config{ServerName: "localhost"}).Handshake() // ends with server
	b := make([]byte, 16<<10)
	n, _ := server.Read(b)
	return string(b[:n])
}

// tlsAbuses are cases for a target with TLS.
var tlsAbuses = []abuse{
	{name: "half a ClientHello", run: func(a *abuser) {
		a.each(200, func(i int) { send(a.below(), clientHello[:1+i%len(clientHello)]) })
	}},
	{name: "handshakes that are not finished", run: func(a *abuser) {
		hello := firstFlight()
		a.each(200, func(int) {
			c := a.below()
			send(c, hello)
			if _, err := c.Read(make([]byte, 1)); err != nil {
				a.Errorf("there is no answer to a ClientHello: %v", err)
			}
		})
	}},
	{name: "handshakes that are reset", run: func(a *abuser) {
		hello := firstFlight()
		a.each(200, func(int) {
			c := a.below()
			send(c, hello)
			c.reset()
		})
	}},
	{name: "noise in a handshake", run: func(a *abuser) {
		a.each(100, func(i int) {
			c := a.below()
			send(c, clientHello+noise(2000)[i:])
			a.drain(c, time.Second)
		})
	}},
	{name: "noise in place of a record", run: func(a *abuser) {
		a.each(100, func(i int) {
			c := a.secure()
			send(c.below, noise(2000)[i:])
			a.discard(c, time.Second)
		})
	}},
	{name: "an alert without encryption", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.secure()
			send(c.below, "\x15\x03\x03\x00\x02\x01\x00")
			a.discard(c, time.Second)
		})
	}},
	{name: "records of one byte", run: func(a *abuser) {
		a.each(20, func(int) {
			c := a.secure()
			for _, b := range []byte(strings.Repeat("one byte at a time\n", 30)) {
				send(c, string(b))
			}
			c.CloseWrite()
			a.readLines(c, 5*time.Second)
		})
	}},
	{name: "lines that are cut off", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.secure()
			send(c, "a line\nand half of anoth")
			c.below.CloseWrite() // without a close_notify
			if got := a.readLines(c, caseTime); strings.Contains(got, "half of anoth") {
				a.Errorf("half a line was said: %.300q", got)
			}
		})
	}},
	{name: "text where TLS is possible", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.below()
			send(c, "no TLS\n")
			c.CloseWrite()
			if got := a.readLines(c, caseTime); !strings.Contains(got, ": no TLS\n") {
				a.Errorf("a client without TLS received %.300q", got)
			}
		})
	}},
}
