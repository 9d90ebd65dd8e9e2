//go:build linux

package abuse

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// race requests one name on n connections at the same time. It fails unless exactly one gets it.
func (a *abuser) race(name string, n int) {
	var requests sync.WaitGroup
	var mu sync.Mutex
	winners := 0
	start := make(chan struct{})
	var conns []net.Conn
	for i := range n {
		if i%2 == 0 {
			c := a.tcp()
			conns = append(conns, c)
			requests.Go(func() {
				<-start
				send(c, "/nick "+name+"\n/who\n")
				got := a.readUntil(c, "= ")
				mu.Lock()
				defer mu.Unlock()
				if strings.Contains(got, "is now known as "+name+"\n") && !strings.Contains(got, "! "+name+" is taken") {
					winners++
				}
			})
			continue
		}
		requests.Go(func() {
			<-start
			c := a.http()
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			send(c, strings.Replace(handshake, "/ws ", "/ws?nick="+name+" ", 1)+"\r\n")
			got := a.readUntil(c, "/help lists the commands.")
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(got, "* You are "+name+" in #") {
				winners++
			}
		})
	}
	close(start)
	requests.Wait()
	if winners != 1 {
		a.Errorf("%d connections got the name %s, want 1", winners, name)
	}
	for _, c := range conns {
		c.Close()
	}
}

var nameAbuses = []abuse{
	{name: "100 races for a name", run: func(a *abuser) {
		for i := range 100 {
			a.race(fmt.Sprintf("prize%d", i), 4)
		}
	}},
	{name: "one name, requested 30 times", run: func(a *abuser) {
		for range 30 { // the name is free again after each connection
			c := a.tcp()
			send(c, "/nick phoenix\n/quit\n")
			if got := a.readLines(c, caseTime); !strings.Contains(got, "is now known as phoenix") {
				a.Errorf("the name is taken: %.300q", got)
			}
		}
	}},
	{name: "invalid names", run: func(a *abuser) {
		for _, name := range []string{"server", "you", "ADMIN", "a b", "\u200b", "a\u202eb", "-", strings.Repeat("n", 33), "*", "bob:", "= x", "\x1b[2J", "partyline"} {
			c := a.tcp()
			send(c, "/nick "+name+"\n/quit\n")
			if got := a.readLines(c, caseTime); strings.Contains(got, "is now known as") {
				a.Errorf("the server accepted the name %q: %q", name, got)
			}
		}
	}},
	{name: "400 name changes", run: func(a *abuser) {
		a.each(50, func(i int) {
			c := a.tcp()
			for n := range 8 {
				send(c, fmt.Sprintf("/nick n%d-%d\n", i, n))
			}
			c.CloseWrite()
			a.readLines(c, 5*time.Second)
		})
	}},
}
