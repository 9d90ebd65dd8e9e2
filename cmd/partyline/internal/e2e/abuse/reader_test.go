//go:build linux

package abuse

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// fill says more in a room than the kernel buffers for its members, and more than the room keeps.
func (a *abuser) fill(room string) {
	a.each(32, func(i int) {
		c := a.tcp()
		a.background.Go(func() {
			send(c, "/join "+room+"\n"+strings.Repeat(strings.Repeat("x", 4000)+"\n", 39))
			c.CloseWrite()
		})
		a.discard(c, 5*time.Second)
	})
}

// dialMembers returns n members of a room. It does not read from their connections, which have small receive buffers.
func (a *abuser) dialMembers(n int, room string, open func() *link, join func(room string) string) []*link {
	var conns []*link
	for range n {
		c := open()
		c.SetReadBuffer(4096)
		send(c, join(room))
		conns = append(conns, c)
	}
	return conns
}

func joinLine(room string) string { return "/join " + room + "\n" }

func joinFrame(room string) string { return masked(0x81, "/join "+room) }

var readerAbuses = []abuse{
	{name: "64 clients per transport that do not read", run: func(a *abuser) {
		frozen := append(a.dialMembers(64, "frozen", a.tcp, joinLine), a.dialMembers(64, "frozen", func() *link { return a.ws("") }, joinFrame)...)
		a.fill("frozen")
		// The server drops them: after the data in the kernel's buffers they read a reset.
		var readers sync.WaitGroup
		for i, c := range frozen {
			readers.Go(func() {
				time.Sleep(6 * time.Second) // twice the write timeout
				c.SetReadDeadline(time.Now().Add(caseTime))
				_, err := io.Copy(io.Discard, c)
				if a.target.hasReset() && (err == nil || !strings.Contains(err.Error(), "reset")) {
					a.Errorf("connection %d ended with %v, want a reset", i, err)
				}
			})
		}
		readers.Wait()
	}},
	{name: "64 clients per transport that read slowly", run: func(a *abuser) {
		slow := append(a.dialMembers(64, "slow", a.tcp, joinLine), a.dialMembers(64, "slow", func() *link { return a.ws("") }, joinFrame)...)
		stop := make(chan struct{})
		var readers sync.WaitGroup
		for _, c := range slow {
			readers.Go(func() {
				for b := make([]byte, 512); ; {
					select {
					case <-stop:
						return
					case <-time.After(10 * time.Millisecond): // reads slowly on purpose
						if _, err := c.Read(b); err != nil {
							return
						}
					}
				}
			})
		}
		a.fill("slow")
		close(stop)
		readers.Wait()
	}},
	{name: "64 clients that talk but do not read", run: func(a *abuser) {
		for i := range 64 {
			c := a.tcp()
			c.SetReadBuffer(4096)
			a.background.Go(func() { send(c, strings.Repeat(fmt.Sprint("client ", i, strings.Repeat("x", 1000), "\n"), 38)) })
		}
		time.Sleep(3 * time.Second) // time for their messages
	}},
	{name: "unread responses", run: func(a *abuser) {
		for range 32 {
			c := a.tcp()
			c.SetReadBuffer(4096)
			a.background.Go(func() { send(c, strings.Repeat("/history 500\n/help\n/who\n", 13)) })
		}
		time.Sleep(2 * time.Second) // time for the responses
	}},
}
