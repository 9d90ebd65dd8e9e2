//go:build linux

package abuse

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// race has n connections ask for one name at the same moment, and counts who gets it.
func (a *abuser) race(name string, n int) {
	var asking sync.WaitGroup
	var mu sync.Mutex
	won := 0
	begin := make(chan struct{})
	var conns []interface{ Close() error }
	for i := range n {
		if i%2 == 0 {
			c := a.tcp()
			conns = append(conns, c)
			asking.Go(func() {
				<-begin
				send(c, "/nick "+name+"\n/who\n")
				heard := a.readLinesUntil(c, "= ")
				mu.Lock()
				defer mu.Unlock()
				if strings.Contains(heard, "is now known as "+name+"\n") && !strings.Contains(heard, "! "+name+" is taken") {
					won++
				}
			})
			continue
		}
		asking.Go(func() {
			<-begin
			c := a.http()
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			send(c, strings.Replace(handshake, "/ws ", "/ws?nick="+name+" ", 1)+"\r\n")
			heard := a.readLinesUntil(c, "/help lists the commands.")
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(heard, "* You are "+name+" in #") {
				won++
			}
		})
	}
	close(begin)
	asking.Wait()
	if won != 1 {
		a.Errorf("%d got the name %s", won, name)
	}
	for _, c := range conns {
		c.Close()
	}
}

// readLinesUntil reads until a part has come.
func (a *abuser) readLinesUntil(c interface{ Read([]byte) (int, error) }, part string) string {
	var heard strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(heard.String(), part) {
		n, err := c.Read(buf)
		heard.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return heard.String()
}

var nameAbuses = []abuse{
	{name: "100 races for a name", run: func(a *abuser) {
		for i := range 100 {
			a.race(fmt.Sprintf("prize%d", i), 4)
		}
	}},
	{name: "one name, again and again", run: func(a *abuser) {
		for range 30 { // it is free again each time
			c := a.tcp()
			send(c, "/nick phoenix\n/quit\n")
			if heard := a.readLinesOf(c, 3*time.Second); !strings.Contains(heard, "is now known as phoenix") {
				a.Errorf("the name is not free: %.300q", heard)
			}
		}
	}},
	{name: "names that are none", run: func(a *abuser) {
		for _, name := range []string{"server", "you", "ADMIN", "a b", "\u200b", "a\u202eb", "-", strings.Repeat("n", 33), "*", "bob:", "= x", "\x1b[2J", "partyline"} {
			c := a.tcp()
			send(c, "/nick "+name+"\n/quit\n")
			if heard := a.readLinesOf(c, 3*time.Second); strings.Contains(heard, "is now known as") {
				a.Errorf("%q is a name: %q", name, heard)
			}
		}
	}},
	{name: "names that change all the time", run: func(a *abuser) {
		a.each(50, func(i int) {
			c := a.tcp()
			for n := range 8 {
				send(c, fmt.Sprintf("/nick n%d-%d\n", i, n))
			}
			c.CloseWrite()
			a.readLinesOf(c, 5*time.Second)
		})
	}},
}
