package abuse

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest"
)

// slowConn limits Read to rate bytes per second until unlimited is set.
type slowConn struct {
	net.Conn
	rate      int
	unlimited atomic.Bool
}

func (c *slowConn) Read(b []byte) (int, error) {
	if !c.unlimited.Load() {
		b = b[:min(len(b), 256)]
	}
	n, err := c.Conn.Read(b)
	if !c.unlimited.Load() {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(c.rate))
	}
	return n, err
}

// A steadyReader is a client that reads slowly but steadily.
type steadyReader struct {
	rate, buffer int  // in bytes per second; the size of its receive buffer in bytes
	ws           bool // over WebSocket
}

// usualBuffer is a usual size of a receive buffer. By default Linux grows the buffer until it holds the whole
// flood.
const usualBuffer = 64 << 10

// TestSteadyReaders floods a room with clients that read much more slowly than the flood. They use both
// transports, small and usual receive buffers, and a link with an MTU of 1500. No client may be
// disconnected. For each, the messages received and the messages missed, as its gap notices count them, add
// up to all messages. `make soak` runs the test with the default write timeout, for longer.
func TestSteadyReaders(t *testing.T) {
	harness.SkipIfShort(t)
	flood, timeout, window, readers := 100_000, 2*time.Second, int64(64<<10), []steadyReader{
		{8_000, 4096, false}, {8_000, 4096, true}, {40_000, usualBuffer, false}, {40_000, usualBuffer, true},
	}
	limit := 8 * time.Second
	if os.Getenv(soakEnv) != "" {
		flood, timeout, window, limit, readers = 10_000, app.DefaultConfig().Limits.WriteTimeout, int64(64<<10), 150*time.Second, nil
		for _, ws := range []bool{false, true} {
			for _, rate := range []int{1_000, 2_000, 6_000} {
				readers = append(readers, steadyReader{rate, 2048, ws}, steadyReader{rate, 4096, ws})
			}
			for _, rate := range []int{2_000, 5_000, 16_000} {
				readers = append(readers, steadyReader{rate, usualBuffer, ws})
			}
		}
	}
	server, client := hubtest.Namespaces(t)
	l := app.Listeners{TCP: server.Listen(t), HTTP: server.Listen(t)}
	c := app.DefaultConfig()
	c.Replay, c.Limits.Rate, c.Limits.WriteTimeout, c.Limits.Window = 0, 0, timeout, window
	ctx, stop := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := app.Serve(ctx, c, l, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	})
	defer ended.Wait()
	defer stop()

	talker := client.Dial(t, l.TCP.Addr().String(), 0)
	defer talker.Close()
	go io.Copy(io.Discard, talker)
	var all sync.WaitGroup
	var slow []*slowConn
	said := make(chan int, len(readers))
	for _, r := range readers {
		addr := l.TCP.Addr().String()
		if r.ws {
			addr = l.HTTP.Addr().String()
		}
		conn := &slowConn{Conn: client.Dial(t, addr, r.buffer), rate: r.rate}
		slow = append(slow, conn)
		all.Go(func() { r.receive(t, conn, addr, said) })
	}
	const line = 100
	n := 0
	for start := time.Now(); time.Since(start) < limit; {
		fmt.Fprintf(talker, "%-*d\n", line-1, n)
		n++
		time.Sleep(time.Until(start.Add(time.Duration(n*line) * time.Second / time.Duration(flood))))
	}
	fmt.Fprintln(talker, "over")
	for _, conn := range slow {
		conn.unlimited.Store(true)
		said <- n
	}
	all.Wait()
}

// receive counts the messages that r receives and misses until the end of the flood.
func (r steadyReader) receive(t *testing.T, conn *slowConn, addr string, said <-chan int) {
	defer conn.Close()
	var read func() (string, error)
	if r.ws {
		d := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return conn, nil }}
		ws, _, err := d.Dial("ws://"+addr+"/ws", nil)
		if err != nil {
			t.Error(err)
			return
		}
		read = func() (string, error) {
			_, text, err := ws.ReadMessage()
			return string(text), err
		}
	} else {
		in := bufio.NewReader(conn)
		read = func() (string, error) { return in.ReadString('\n') }
	}
	next, missed, gaps := -1, 0, 0 // next is the next number; -1 before the first message
	for start := time.Now(); ; {
		text, err := read()
		if err != nil {
			t.Errorf("%+v was disconnected after %v: %v", r, time.Since(start).Round(time.Second), err)
			return
		}
		text = strings.TrimSpace(text)
		var i int
		_, rest, _ := strings.Cut(text, ": ")
		switch {
		case strings.HasSuffix(text, ": over"):
			if n := <-said; next != n {
				t.Errorf("%+v received and missed %d messages of %d", r, next, n)
			}
			t.Logf("%+v missed %d in %d gaps", r, missed, gaps)
			if gaps == 0 && r.buffer < usualBuffer {
				t.Errorf("%+v missed nothing", r)
			}
			return
		case scans(text, "-- %d messages missed", &i):
			next, missed, gaps = next+i, missed+i, gaps+1
		case scans(rest, "%d", &i):
			if next >= 0 && i != next {
				t.Errorf("%+v received message %d, want %d", r, i, next)
				return
			}
			next = i + 1
		}
	}
}

func scans(text, format string, i *int) bool {
	n, _ := fmt.Sscanf(text, format, i)
	return n == 1
}
