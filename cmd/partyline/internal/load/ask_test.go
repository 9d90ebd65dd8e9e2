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

// askers are members beside the plan's who ask for 500 messages, all at once, again and
// again; or who are merely there.
type askers struct {
	count int
	every time.Duration // 0 where they do not ask
}

// ask brings them to the server's lobby and has them ask until ctx ends. What it returns
// waits for them.
func (a askers) ask(ctx context.Context, addr string) (wait func(), err error) {
	var all sync.WaitGroup
	var conns []net.Conn
	for range a.count {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(conn, "/format json")
		conns = append(conns, conn)
		all.Go(func() { io.Copy(io.Discard, conn) })
	}
	all.Go(func() {
		tick := time.NewTicker(max(a.every, time.Millisecond))
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
			if a.every == 0 {
				continue
			}
			for _, c := range conns {
				fmt.Fprintln(c, `{"type":"history","limit":500}`)
			}
		}
	})
	return all.Wait, nil
}
