//go:build linux

package abuse

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// fill has somebody fill the room of those who don't read with more than the kernel takes
// for them.
func (a *abuser) fill(room string) {
	a.each(16, func(i int) {
		c := a.tcp()
		a.beside.Go(func() {
			send(c, "/join "+room+"\n"+strings.Repeat(strings.Repeat("x", 4000)+"\n", 39))
			c.CloseWrite()
		})
		a.discard(c, 5*time.Second)
	})
}

// frozen returns n members of a room that never read.
func (a *abuser) frozen(n int, room string, open func() *net.TCPConn, join func(room string) string) []*net.TCPConn {
	var conns []*net.TCPConn
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
	{name: "64 at each door who never read", run: func(a *abuser) {
		frozen := append(a.frozen(64, "ice", a.tcp, joinLine), a.frozen(64, "ice", func() *net.TCPConn { return a.ws("") }, joinFrame)...)
		a.fill("ice")
		// They are cut off: what the kernel has for them ends with a reset.
		var waiting sync.WaitGroup
		for i, c := range frozen {
			waiting.Go(func() {
				time.Sleep(6 * time.Second) // twice the server's patience
				c.SetReadDeadline(time.Now().Add(5 * time.Second))
				_, err := io.Copy(io.Discard, c)
				if err == nil || !strings.Contains(err.Error(), "reset") {
					a.Errorf("%d: %v, not a reset", i, err)
				}
			})
		}
		waiting.Wait()
	}},
	{name: "64 at each door who read by drops", run: func(a *abuser) {
		dripping := append(a.frozen(64, "drip", a.tcp, joinLine), a.frozen(64, "drip", func() *net.TCPConn { return a.ws("") }, joinFrame)...)
		stop := make(chan struct{})
		var reading sync.WaitGroup
		for _, c := range dripping {
			reading.Go(func() {
				for b := make([]byte, 512); ; {
					select {
					case <-stop:
						return
					case <-time.After(10 * time.Millisecond): // dripping is the case
						if _, err := c.Read(b); err != nil {
							return
						}
					}
				}
			})
		}
		a.fill("drip")
		close(stop)
		reading.Wait()
	}},
	{name: "64 who read nothing and talk", run: func(a *abuser) {
		for i := range 64 {
			c := a.tcp()
			c.SetReadBuffer(4096)
			a.beside.Go(func() { send(c, strings.Repeat(fmt.Sprint("deaf ", i, strings.Repeat("x", 2000), "\n"), 38)) })
		}
		time.Sleep(3 * time.Second) // their talk is the case
	}},
	{name: "answers that nobody reads", run: func(a *abuser) {
		for range 32 {
			c := a.tcp()
			c.SetReadBuffer(4096)
			a.beside.Go(func() { send(c, strings.Repeat("/history 500\n/help\n/who\n", 13)) })
		}
		time.Sleep(2 * time.Second) // their silence is the case
	}},
}
