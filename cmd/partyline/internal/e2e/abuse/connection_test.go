//go:build linux

package abuse

import (
	"fmt"
	"strings"
	"syscall"
	"time"
)

var connectionAbuses = []abuse{
	{name: "1,000 silent connections over TCP", run: func(a *abuser) {
		a.each(1000, func(int) { a.tcp() })
		a.each(20, func(int) { a.readLines(a.tcp(), 100*time.Millisecond) })
	}},
	{name: "1,000 HTTP connections without a request", run: func(a *abuser) {
		a.each(1000, func(int) { a.http() })
	}},
	{name: "300 silent WebSockets", run: func(a *abuser) {
		a.each(300, func(int) { a.ws("") })
	}},
	{name: "connect and close", run: func(a *abuser) { a.each(300, func(int) { a.tcp().Close() }) }},
	{name: "connect and reset", run: func(a *abuser) { a.each(300, func(int) { a.tcp().reset() }) }},
	{name: "reset in the middle of a line", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.tcp()
			send(c, "half a li")
			c.reset()
		})
	}},
	{name: "reset after a line", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.tcp()
			send(c, "a line\nand another one\n")
			c.reset()
		})
	}},
	{name: "reset after the end of the input", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.tcp()
			send(c, "a line\n")
			c.CloseWrite()
			c.reset()
		})
	}},
	{name: "reset in the middle of the request", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.http()
			send(c, handshake[:60])
			c.reset()
		})
	}},
	{name: "reset after the request", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.http()
			send(c, handshake+"\r\n")
			c.reset()
		})
	}},
	{name: "reset after the upgrade", run: func(a *abuser) { a.each(100, func(int) { a.ws("").reset() }) }},
	{name: "reset in the middle of a frame", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.ws("")
			send(c, masked(0x81, "hello, everybody")[:9])
			c.reset()
		})
	}},
	{name: "reset after a close frame", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.ws("")
			send(c, masked(0x88, "\x03\xe8"))
			c.reset()
		})
	}},
	{name: "reset during the server's close", run: func(a *abuser) {
		a.each(100, func(int) {
			c := a.ws("")
			send(c, masked(0x82, "binary"))
			c.Read(make([]byte, 1))
			c.reset()
		})
	}},
	{name: "quits", run: func(a *abuser) {
		a.each(200, func(i int) {
			c := a.tcp()
			send(c, "/quit "+strings.Repeat("bye ", i%50)+"\n")
			a.readLines(c, 3*time.Second)
		})
	}},
	{name: "300 clients that end their input", run: func(a *abuser) {
		a.each(300, func(i int) {
			c := a.tcp()
			send(c, fmt.Sprint("one line from ", i, "\n"))
			c.CloseWrite()
			if got := a.readLines(c, caseTime); !strings.Contains(got, fmt.Sprint(": one line from ", i, "\n")) {
				a.Errorf("the sender did not receive its own line: %.300q", got)
			}
		})
	}},
	{name: "slow requests", run: func(a *abuser) {
		a.each(16, func(int) {
			c := a.http()
			for _, b := range []byte(handshake) {
				if _, err := c.Write([]byte{b}); err != nil {
					return // the server has closed the connection
				}
				time.Sleep(20 * time.Millisecond) // sends slowly on purpose
			}
			if got := a.drain(c, caseTime); got != "" {
				a.Errorf("the server answered a header that was sent one byte at a time: %.100q", got)
			}
		})
	}},
	{name: "half-closed WebSockets", run: func(a *abuser) {
		a.each(50, func(int) {
			c := a.ws("")
			c.CloseWrite()
			a.drain(c, 3*time.Second)
		})
	}},
	{name: "the whole program is stopped for 2 seconds", pause: 2 * time.Second, run: func(a *abuser) {
		var conns []*link
		for range 5 {
			conns = append(conns, a.tcp(), a.ws(""))
		}
		for _, c := range conns {
			if err := c.handshake(); err != nil {
				a.Errorf("the handshake fails: %v", err)
			}
		}
		a.target.Cmd.Process.Signal(syscall.SIGSTOP)
		time.Sleep(2 * time.Second) // the pause under test
		a.target.Cmd.Process.Signal(syscall.SIGCONT)
		for i, c := range conns {
			if _, err := c.Read(make([]byte, 64<<10)); err != nil {
				a.Errorf("connection %d ended during the pause: %v", i, err)
			}
		}
	}},
}
