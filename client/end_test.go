package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/client"
)

const welcomeLine = `{"type":"welcome","room":"lobby","nick":"guest-abcd","members":[],"count":1,"last":0,"server":{"name":"partyline","version":"1"}}` + "\n"

// roomLine answers the first request of a client.
var roomLine = strings.Replace(welcomeLine, `{`, `{"ref":"enter",`, 1)

// running returns the goroutines of clients.
func running() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var found []string
	for _, g := range strings.Split(string(stacks), "\n\n") {
		if strings.Contains(g, "partyline/client.(*Client)") {
			found = append(found, g)
		}
	}
	return strings.Join(found, "\n\n")
}

// TestClose closes clients in each state. Close returns when nothing of the client runs any more, and Next
// returns the events that have arrived before ErrClosed.
func TestClose(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, s *server, c *client.Client){
		"connected": func(t *testing.T, _ *server, c *client.Client) { say(t, c, "hello") },
		"disconnected": func(t *testing.T, s *server, c *client.Client) {
			s.stop()
			next(t, c, anyOf[*client.Disconnected])
		},
		"full": func(t *testing.T, s *server, c *client.Client) {
			other := dial(t, s.tcp, client.Options{})
			for range 12_000 {
				other.Post(context.Background(), "x", func(int64, error) {})
			}
			other.Close()
		},
		"with messages on their way": func(t *testing.T, _ *server, c *client.Client) {
			for range 500 {
				c.Post(context.Background(), "x", func(_ int64, err error) {
					if err != nil && !errors.Is(err, client.ErrClosed) {
						t.Error(err)
					}
				})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			c := dial(t, s.tcp, client.Options{})
			prepare(t, s, c)
			c.Close()
			for late := time.Now().Add(patience); running() != ""; runtime.Gosched() { // what has returned may still end
				if time.Now().After(late) {
					t.Fatalf("after Close this runs:\n%s", running())
				}
			}
			for {
				if _, err := c.Next(context.Background()); err != nil {
					if !errors.Is(err, client.ErrClosed) {
						t.Errorf("Next returns %v", err)
					}
					break
				}
			}
			if err := c.Post(context.Background(), "late", func(int64, error) {}); !errors.Is(err, client.ErrClosed) {
				t.Errorf("Post returns %v", err)
			}
			if err := c.Flush(context.Background()); !errors.Is(err, client.ErrClosed) {
				t.Errorf("Flush returns %v", err)
			}
			c.Close()
		})
	}
}

// TestBye has servers end the session: one for good, and one for a while.
func TestBye(t *testing.T) {
	for bye, want := range map[string]string{
		`{"type":"bye","reason":"kick","reconnect":false}`:                     "the server ended the session: kick",
		`{"type":"bye","reason":"shutdown","reconnect":true,"after_ms":12345}`: "in 12.345s after the server ended the connection: shutdown",
	} {
		c := dial(t, lineServer(t, listen(t, "tcp", "127.0.0.1:0"), welcomeLine+roomLine+bye+"\n"), client.Options{})
		next(t, c, anyOf[*client.Welcome])
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		e, err := c.Next(ctx)
		cancel()
		got := fmt.Sprint(err)
		if d, ok := e.(*client.Disconnected); ok {
			got = fmt.Sprintf("in %v after %v", d.Retry, d.Err)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", bye, got, want)
		}
	}
}

// TestRestartingOften has a server end the session again and again. The client comes back when the server
// says, but not all the time.
func TestRestartingOften(t *testing.T) {
	for after, want := range map[string][]time.Duration{
		"700": {700 * time.Millisecond, 700 * time.Millisecond, 700 * time.Millisecond, 700 * time.Millisecond},
		"1":   {time.Millisecond, 500 * time.Millisecond, 500 * time.Millisecond, 500 * time.Millisecond},
	} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			bye := `{"type":"bye","reason":"shutdown","reconnect":true,"after_ms":` + after + "}\n"
			c := dial(t, lineServer(t, listen(t, "tcp", "127.0.0.1:0"), welcomeLine+roomLine+bye), client.Options{})
			var got []time.Duration
			for range want {
				got = append(got, next(t, c, anyOf[*client.Disconnected]).Retry)
			}
			if !slices.Equal(got, want) {
				t.Errorf("the client waits %v, want %v", got, want)
			}
		})
	}
}

// TestDeadLink has a server that sends nothing after the welcome. The client connects again.
func TestDeadLink(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, welcomeLine+roomLine)
			defer conn.Close()
		}
	}()
	c := dial(t, ln.Addr().String(), client.Eager(time.Millisecond, client.Impatient(300*time.Millisecond, client.Options{})))
	next(t, c, anyOf[*client.Welcome])
	if d := next(t, c, anyOf[*client.Disconnected]); !strings.Contains(d.Err.Error(), "nothing arrived") {
		t.Errorf("the reason is %v", d.Err)
	}
	next(t, c, anyOf[*client.Welcome])
	c.Close()
	ln.Close()
	<-served
}

// TestDeadLinkClosed has a client give up a link over which nothing arrives. It closes that link when it has entered over
// the next one, and not before: the server would take the end of the link for the end of the member.
func TestDeadLinkClosed(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	defer ln.Close()
	accept := func() *net.TCPConn { // returns when the client asks to enter
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(patience))
		io.WriteString(conn, welcomeLine)
		for in := bufio.NewReader(conn); ; {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(line, `"resume"`) {
				return conn.(*net.TCPConn)
			}
		}
	}
	dialed := make(chan *client.Client, 1)
	go func() {
		o := client.Eager(time.Millisecond, client.Impatient(time.Second, client.Options{}))
		c, err := client.Dial(t.Context(), ln.Addr().String(), o)
		if err != nil {
			t.Error(err)
		}
		dialed <- c
	}()
	dead := accept()
	io.WriteString(dead, roomLine)
	c := <-dialed
	if c == nil {
		return
	}
	fresh := accept()
	dead.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := io.Copy(io.Discard, dead); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("before the client enters again, the dead link ends with %v", err)
	}
	dead.SetReadDeadline(time.Now().Add(patience))
	io.WriteString(fresh, roomLine)
	if _, err := io.Copy(io.Discard, dead); err != nil {
		t.Errorf("the dead link ends with %v", err)
	}
	fresh.Close() // it says no goodbye, for which Close waits
	c.Close()
}

// TestInterrupted breaks the connection after a private message was sent. It is not sent again, since the
// recipient might get it twice.
func TestInterrupted(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	served := make(chan int, 1)
	go func() {
		sent := 0
		for i := range 2 {
			conn, err := ln.Accept()
			if err != nil {
				break
			}
			io.WriteString(conn, welcomeLine+roomLine)
			sent += strings.Count(readSome(conn, i == 0), `"psst"`)
			conn.Close()
		}
		served <- sent
	}()
	c := dial(t, ln.Addr().String(), client.Eager(time.Millisecond, client.Options{}))
	if err := c.Tell(context.Background(), "bob", "psst"); !errors.Is(err, client.ErrInterrupted) {
		t.Errorf("Tell returns %v", err)
	}
	next(t, c, anyOf[*client.Disconnected])
	next(t, c, anyOf[*client.Welcome])
	c.Close()
	ln.Close()
	if n := <-served; n != 1 {
		t.Errorf("the message was sent %d times, want 1", n)
	}
}

// readSome reads until a private message has come, or to the end.
func readSome(conn net.Conn, private bool) string {
	var all strings.Builder
	b := make([]byte, 4096)
	for !private || !strings.Contains(all.String(), "psst") {
		n, err := conn.Read(b)
		all.Write(b[:n])
		if err != nil {
			break
		}
	}
	return all.String()
}
