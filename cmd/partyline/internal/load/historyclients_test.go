//go:build linux

package load

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// historyClients are members that are not part of the plan. All of them request the last 500
// messages at the same time, repeatedly.
type historyClients struct {
	count    int
	interval time.Duration // between requests; 0 for no requests
}

// start connects the clients to the server's lobby. They send requests until ctx ends. wait
// waits until their goroutines have ended.
func (h historyClients) start(ctx context.Context, addr string) (wait func(), err error) {
	var all sync.WaitGroup
	var conns []net.Conn
	for range h.count {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(conn, "/format json")
		conns = append(conns, conn)
		all.Go(func() { io.Copy(io.Discard, conn) })
	}
	all.Go(func() {
		tick := time.NewTicker(max(h.interval, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				for _, c := range conns {
					c.Close()
				}
				return
			case <-tick.C:
			}
			if h.interval == 0 {
				continue
			}
			for _, c := range conns {
				fmt.Fprintln(c, `{"type":"history","limit":500}`)
			}
		}
	})
	return all.Wait, nil
}
