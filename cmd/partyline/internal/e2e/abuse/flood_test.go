//go:build linux

package abuse

import (
	"fmt"
	"strings"
	"time"
)

var floodAbuses = []abuse{
	{name: "a flood from one client", run: func(a *abuser) {
		c := a.tcp()
		a.background.Go(func() { send(c, strings.Repeat(strings.Repeat("flood ", 100)+"\n", 5000)) })
		a.readLines(c, 2*time.Second)
	}},
	{name: "a flood from a client that disconnects", run: func(a *abuser) {
		for range 10 {
			c := a.tcp()
			c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			send(c, strings.Repeat("a\n", 1<<19))
			c.reset()
		}
	}},
	{name: "a flood from a client that does not read", run: func(a *abuser) {
		c := a.tcp()
		c.SetReadBuffer(4096)
		c.SetWriteDeadline(time.Now().Add(2 * time.Second))
		send(c, strings.Repeat(strings.Repeat("flood ", 600)+"\n", 5000))
	}},
	{name: "a flood from 200 clients", run: func(a *abuser) {
		for range 200 {
			c := a.tcp()
			a.background.Go(func() { send(c, strings.Repeat("all at once\n", 1000)) })
			a.background.Go(func() { a.discard(c, 3*time.Second) })
		}
		time.Sleep(3 * time.Second) // time for the flood
	}},
	{name: "a flood over WebSockets", run: func(a *abuser) {
		for range 50 {
			c := a.ws("")
			a.background.Go(func() { send(c, strings.Repeat(masked(0x81, "all at once"), 1000)) })
			a.background.Go(func() { a.discard(c, 2*time.Second) })
		}
		time.Sleep(2 * time.Second) // time for the flood
	}},
	{name: "joins and leaves", run: func(a *abuser) {
		a.each(400, func(i int) {
			c := a.tcp()
			if i%2 == 0 {
				send(c, "/join ops\n/join lobby\n/join ops\n")
			}
			c.CloseWrite()
			a.readLines(c, 5*time.Second)
		})
	}},
	{name: "100,000 rooms", run: func(a *abuser) {
		a.each(250, func(i int) {
			c := a.tcp()
			var joins strings.Builder // in one write: a unix socket has room for few small ones
			for n := range 400 {
				fmt.Fprintf(&joins, "/join room-%d-%d\n", i, n)
			}
			send(c, joins.String())
			got := a.readLines(c, 300*time.Millisecond)
			if created := strings.Count(got, "* You are ") - 1; created > 25 {
				a.Errorf("one connection created %d rooms, want at most 25", created)
			}
			c.Close()
		})
	}},
	{name: "rooms listed while they change", run: func(a *abuser) {
		a.each(50, func(i int) {
			c := a.tcp()
			send(c, fmt.Sprintf("/join r%d\n/rooms\n/who\n/join lobby\n/rooms\n", i))
			c.CloseWrite()
			a.readLines(c, 5*time.Second)
		})
	}},
	{name: "600 multi-line messages", run: func(a *abuser) {
		a.each(20, func(int) {
			c := a.tcp()
			send(c, "/format json\n"+strings.Repeat(`{"type":"say","text":"`+strings.Repeat(`x\n`, 31)+`x"}`+"\n", 30))
			c.CloseWrite()
			a.readLines(c, 5*time.Second)
		})
	}},
}
