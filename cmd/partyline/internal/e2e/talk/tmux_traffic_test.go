package talk

import (
	"fmt"
	"io"
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
	rate int // messages a second
	conn io.Writer
	stop chan struct{}
	done sync.WaitGroup
	err  error
	said int
}

// startTraffic says messages until halt is called. rate may be 0.
func startTraffic(t *testing.T, addr string, rate int) *traffic {
	t.Helper()
	c := harness.DialText(t, addr)
	harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	c.Say(t, "/nick logs")
	harness.ExpectLine(t, c.Out, `.* is now known as logs`)
	tr := &traffic{rate: rate, conn: c.Conn, stop: make(chan struct{})}
	tr.done.Go(tr.say)
	t.Cleanup(func() { tr.halt() })
	return tr
}

// say says messages at the rate, in bursts of at most some milliseconds.
func (tr *traffic) say() {
	start := time.Now()
	ticks := time.NewTicker(2 * time.Millisecond)
	defer ticks.Stop()
	var lines []byte
	for {
		select {
		case <-tr.stop:
			return
		case <-ticks.C:
		}
		due := int(time.Since(start).Seconds() * float64(tr.rate))
		for lines = lines[:0]; tr.said < due; tr.said++ {
			lines = append(append(lines, message(tr.said)...), '\n')
		}
		if _, tr.err = tr.conn.Write(lines); tr.err != nil {
			return
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
