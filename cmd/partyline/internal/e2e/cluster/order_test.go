package cluster

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/natstest"
)

// TestOneOrder says messages at three programs with three NATS servers. 30 readers, in all ways, must get all of them in
// one order, and those of a sender in its order. The variable MESSAGES has their number.
func TestOneOrder(t *testing.T) {
	needCluster(t)
	total := 100_000
	if n, err := strconv.Atoi(os.Getenv("MESSAGES")); err == nil {
		total = n
	}
	const senders, readers = 3, 30
	total = (total + senders - 1) / senders * senders
	servers := natstest.Start(t, 3, "")
	var programs []*harness.Program
	for range 3 {
		programs = append(programs, startProgram(t, servers, "--nats-replicas", "3", "--rate", "0", "--window", "64MiB", "--replay", "0"))
	}
	logs := make([][]string, readers)
	var reading sync.WaitGroup
	for i := range readers {
		next := openReader(t, programs[i%3], i/3%3)
		reading.Go(func() {
			for len(logs[i]) < total {
				text, err := next()
				if err != nil {
					t.Errorf("reader %d got %d messages, then %v", i, len(logs[i]), err)
					return
				}
				if strings.Contains(text, "missed") || strings.HasPrefix(text, "! ") {
					t.Errorf("reader %d received %q", i, text)
				}
				if _, m, ok := strings.Cut(text, "@m"); ok {
					m, _, _ = strings.Cut(m, `"`)
					logs[i] = append(logs[i], strings.TrimSpace(m))
				}
			}
		})
	}
	start := time.Now()
	var saying sync.WaitGroup
	for s := range senders {
		conn := harness.Dial(t, programs[s].TCP)
		go io.Copy(io.Discard, conn)
		saying.Go(func() {
			w := bufio.NewWriterSize(conn, 4096)
			for i := range total / senders {
				fmt.Fprintf(w, "@m%d %d\n", s, i)
			}
			if err := w.Flush(); err != nil {
				t.Errorf("sender %d: %v", s, err)
			}
		})
	}
	saying.Wait()
	reading.Wait()
	took := time.Since(start)
	for i, log := range logs {
		if !slices.Equal(log, logs[0]) {
			t.Errorf("reader %d got another order than reader 0", i)
		}
	}
	next := make([]int, senders)
	for _, m := range logs[0] {
		var s, i int
		fmt.Sscan(m, &s, &i)
		if i != next[s] {
			t.Fatalf("sender %d: message %d comes instead of %d", s, i, next[s])
		}
		next[s]++
	}
	t.Logf("%d messages to %d readers in %v", total, readers, took.Round(time.Millisecond))
}

// openReader opens a member in one of three ways, and returns what reads its next line or frame.
func openReader(t *testing.T, p *harness.Program, way int) func() (string, error) {
	t.Helper()
	if way == 0 {
		ws, _, err := websocket.DefaultDialer.Dial("ws://"+p.HTTP+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ws.Close() })
		return func() (string, error) {
			ws.SetReadDeadline(time.Now().Add(harness.Patience))
			_, text, err := ws.ReadMessage()
			return string(text), err
		}
	}
	conn, err := net.Dial("tcp", p.TCP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if way == 1 {
		fmt.Fprintln(conn, "/format json")
	}
	in := bufio.NewReader(conn)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return func() (string, error) {
		conn.SetReadDeadline(time.Now().Add(harness.Patience))
		return in.ReadString('\n')
	}
}
