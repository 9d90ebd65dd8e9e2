//go:build unix

package talk

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// message returns a message with a number, whose words differ from those of its neighbours. It has about 80 bytes.
func message(n int) string {
	words := [...]string{"apple", "bread", "cloud", "dance", "eagle", "flame", "grape", "house", "island", "jungle", "kettle", "lemon", "mirror"}
	text := fmt.Sprintf("message %08d:", n)
	for i, x := 0, uint32(n); i < 9; i++ {
		x = x*1664525 + 1013904223 // a linear congruential generator
		text += " " + words[(x>>8)%uint32(len(words))]
	}
	return text
}

// A traffic says numbered messages in a room.
type traffic struct {
	rate    int // messages a second
	members []io.Writer
	stop    chan struct{}
	done    sync.WaitGroup
	err     error
	said    int
}

// startTraffic says messages until halt is called. The members with the names take turns. rate may be 0.
func startTraffic(t *testing.T, addr string, rate int, names ...string) *traffic {
	t.Helper()
	tr := &traffic{rate: rate, stop: make(chan struct{})}
	var reading sync.WaitGroup
	t.Cleanup(reading.Wait) // after the connections are closed
	for _, name := range names {
		conn := harness.Dial(t, addr)
		fmt.Fprintln(conn, "/nick "+name)
		for in := bufio.NewReader(conn); ; {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(line, " is now known as "+name+"\n") {
				break
			}
		}
		reading.Go(func() { io.Copy(io.Discard, conn) })
		tr.members = append(tr.members, conn)
	}
	tr.done.Go(tr.say)
	t.Cleanup(func() { tr.halt() })
	return tr
}

// say says messages at the rate, several at once if the clock says so.
func (tr *traffic) say() {
	start := time.Now()
	ticks := time.NewTicker(2 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-tr.stop:
			return
		case <-ticks.C:
		}
		due := int(time.Since(start).Seconds() * float64(tr.rate))
		for ; tr.said < due; tr.said++ {
			if _, tr.err = fmt.Fprintln(tr.members[tr.said%len(tr.members)], message(tr.said)); tr.err != nil {
				return
			}
		}
	}
}

// halt stops and returns how many messages were said.
func (tr *traffic) halt() (int, error) {
	select {
	case <-tr.stop:
	default:
		close(tr.stop)
	}
	tr.done.Wait()
	return tr.said, tr.err
}
