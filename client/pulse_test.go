package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A scripted is a server at the other end of a pipe, for one client.
type scripted struct {
	net.Conn
	c *Client
}

// script starts a client that is in a room, and returns its server. After that link the client finds no
// server.
func script(t *testing.T, o Options) *scripted {
	t.Helper()
	near, far := net.Pipe()
	c := newClient(o, newIdentity("alice", ""))
	c.identity.enter(&c.session, "lobby")
	c.begin(&arrival{
		link:    newLineLink(&guardedConn{Conn: near, silence: deadAfter}),
		welcome: &object{Type: "welcome", said: said{Room: "lobby", Nick: "alice"}},
	}, &target{scheme: "unix", addr: "/nonexistent"})
	t.Cleanup(func() { far.Close() })
	return &scripted{far, c}
}

// answer answers requests with acks, each after a time that delay returns for its type.
func (s *scripted) answer(delay func(verb string) time.Duration) {
	for in := bufio.NewScanner(s); in.Scan(); {
		var q struct{ Type, Ref, Key string }
		if json.Unmarshal(in.Bytes(), &q) != nil {
			continue // /format json
		}
		time.Sleep(delay(q.Type))
		fmt.Fprintf(s, `{"type":"ack","ref":%q,"key":%q}`+"\n", q.Ref, q.Key)
	}
}

// TestLatency checks the latency of a request, and that the client probes only when it asks for nothing.
func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(t, Options{})
		var probes atomic.Int32
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.answer(func(verb string) time.Duration {
				if verb == "who" {
					probes.Add(1)
					return 70 * time.Millisecond
				}
				return 30 * time.Millisecond
			})
		}()
		if got := s.c.Latency(); got != 0 {
			t.Errorf("before the first answer the latency is %v", got)
		}
		for range 6 {
			if _, err := s.c.Say(context.Background(), "x"); err != nil {
				t.Fatal(err)
			}
			if got := s.c.Latency(); got != 30*time.Millisecond {
				t.Errorf("the latency is %v", got)
			}
			time.Sleep(10 * time.Second)
		}
		if n := probes.Load(); n != 0 {
			t.Errorf("%d probes of a client that asks", n)
		}
		time.Sleep(time.Minute)
		if got, n := s.c.Latency(), probes.Load(); got != 70*time.Millisecond || n < 2 || n > 3 {
			t.Errorf("after a minute and %d probes the latency is %v", n, got)
		}
		s.c.Close()
		s.Close()
		<-done
	})
}

// TestUnansweredProbe has servers that do not answer probes. A link over which nothing arrives is dead; one
// over which events arrive, or that waits for Next, is not.
func TestUnansweredProbe(t *testing.T) {
	for _, test := range []struct {
		name   string
		events int // that the server sends, one a second
		flood  int // events that it sends at once, while Next is not called
		after  time.Duration
		dead   bool
	}{
		{"silent", 0, 0, 40 * time.Second, true},
		{"silent for a while", 0, 0, 30 * time.Second, false},
		{"talking", 600, 0, 10 * time.Minute, false},
		{"talking, then silent", 60, 0, 110 * time.Second, true},
		{"waiting for Next", 0, maxEvents + 10, 10 * time.Minute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script(t, Options{})
				read, sent := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(read)
					for in := bufio.NewScanner(s); in.Scan(); {
					}
				}()
				go func() {
					defer close(sent)
					for range test.flood {
						fmt.Fprintln(s, `{"type":"notice","code":"x"}`)
					}
					for range test.events {
						time.Sleep(time.Second)
						fmt.Fprintln(s, `{"type":"ping"}`)
					}
				}()
				start := time.Now()
				if test.flood > 0 {
					time.Sleep(test.after)
				}
				ctx, cancel := context.WithDeadline(t.Context(), start.Add(test.after))
				defer cancel()
				var why error
				for why == nil {
					e, err := s.c.Next(ctx)
					if d, ok := e.(*Disconnected); ok {
						err = d.Err
					}
					why = err
				}
				if errors.Is(why, errDead) != test.dead || !test.dead && !errors.Is(why, context.DeadlineExceeded) {
					t.Errorf("after %v: %v", time.Since(start), why)
				}
				s.c.Close()
				s.Close()
				<-read
				<-sent
			})
		})
	}
}
