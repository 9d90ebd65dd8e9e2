package client_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/client"
)

// A fullServer is a server whose history can't take messages from time to time. A new connection replaces the one
// before, of which it reads no more.
type fullServer struct {
	address string
	refuse  func(text string) bool // with mu held, which it may release for a while

	mu       sync.Mutex
	changed  sync.Cond      // of mu: links has
	taken    []string       // texts, in order
	attempts map[string]int // by text
	keys     map[string]string
	links    int
}

// startFull starts a server that refuses the messages for which refuse returns true.
func startFull(t *testing.T, refuse func(s *fullServer, text string) bool) *fullServer {
	t.Helper()
	ln := listen(t, "tcp", "127.0.0.1:0")
	s := &fullServer{address: ln.Addr().String(), attempts: make(map[string]int), keys: make(map[string]string)}
	s.changed.L = &s.mu
	s.refuse = func(text string) bool { return refuse(s, text) }
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		s.mu.Lock()
		s.links++
		s.changed.Broadcast()
		s.mu.Unlock()
		serving.Wait()
	})
	return s
}

func (s *fullServer) serve(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, welcomeLine)
	link := 0
	for in := bufio.NewScanner(conn); in.Scan(); {
		var q struct{ Type, Ref, Key, Text, Room string }
		if json.Unmarshal(in.Bytes(), &q) != nil {
			continue // /format json
		}
		switch q.Type {
		case "resume":
			s.mu.Lock()
			s.links++
			link = s.links
			s.changed.Broadcast()
			s.mu.Unlock()
			fmt.Fprint(conn, roomLine)
		case "say":
			fmt.Fprint(conn, s.say(link, q.Text, q.Key))
		case "quit":
			fmt.Fprintln(conn, `{"type":"bye","reason":"quit"}`)
			return
		default:
			s.mu.Lock()
			s.taken = append(s.taken, q.Type)
			s.mu.Unlock()
			fmt.Fprintf(conn, `{"type":%q,"ref":%q}`+"\n", strings.Replace(q.Type, "nick", "ack", 1), q.Ref)
		}
	}
}

// say returns the answer to a message that came over a connection.
func (s *fullServer) say(link int, text, key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if link != s.links {
		return ""
	}
	s.attempts[text]++
	if s.keys[text] == "" {
		s.keys[text] = key
	}
	switch {
	case s.keys[text] != key:
		return fmt.Sprintf(`{"type":"error","key":%q,"code":"bad_request","message":"another key for %s"}`+"\n", key, text)
	case s.refuse(text) || link != s.links:
		refusal := fmt.Sprintf(`{"type":"error","key":%q,"code":"unavailable","message":"not said: no space"}`+"\n", key)
		return refusal + refusal // the second one answers nothing
	case !slices.Contains(s.taken, text):
		s.taken = append(s.taken, text)
	}
	return fmt.Sprintf(`{"type":"ack","key":%q,"id":%d}`+"\n", key, slices.Index(s.taken, text)+1)
}

// log returns what the server has taken, and the connections that it had.
func (s *fullServer) log() (taken []string, links int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken), s.links
}

// troubles closes a client and returns the texts of its events about trouble. Those that Held recognizes start
// with "held".
func troubles(c *client.Client) (texts []string) {
	c.Close()
	for e := range c.Events(context.Background()) {
		held := ""
		if client.Held(e) != nil {
			held = "held "
		}
		switch e := e.(type) {
		case *client.Error:
			texts = append(texts, held+e.Error())
		case *client.Disconnected:
			texts = append(texts, held+"disconnected: "+e.Err.Error())
		}
	}
	return texts
}

// post posts messages whose answers must be ids.
func post(t *testing.T, c *client.Client, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := c.Post(t.Context(), text, func(_ int64, err error) {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func flush(t *testing.T, c *client.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestHeldInOrder has a server refuse a message, and then be ready again, while later messages are on their way. None
// of those is said first.
func TestHeldInOrder(t *testing.T) {
	texts := numbered("m", 500)
	posted := make(chan struct{})
	s := startFull(t, func(s *fullServer, text string) bool {
		if text == "m3" {
			<-posted
			return s.attempts[text] < 4
		}
		for s.links == 1 && s.attempts["m3"] > 0 { // the client is slowed: the server reads the next message later
			s.changed.Wait()
		}
		return false
	})
	c := dial(t, s.address, client.Eager(time.Millisecond, client.Options{}))
	post(t, c, texts...)
	close(posted)
	flush(t, c)
	taken, links := s.log()
	if !slices.Equal(taken, texts) {
		t.Errorf("the server has taken %d messages: %.300q", len(taken), taken)
	}
	if links != 2 || s.attempts["m3"] != 4 {
		t.Errorf("%d connections, and %d attempts", links, s.attempts["m3"])
	}
	if got, want := troubles(c), []string{"held disconnected: not said: no space"}; !slices.Equal(got, want) {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// TestHeldAlone has a server refuse a message while nothing else is on its way. The client keeps its connection.
// Requests that change something wait for the message, and others do not.
func TestHeldAlone(t *testing.T) {
	full := true
	s := startFull(t, func(*fullServer, string) bool { return full })
	c := dial(t, s.address, client.Eager(time.Millisecond, client.Options{}))
	post(t, c, "one")
	next(t, c, func(e *client.Error) bool { return client.Held(e) != nil })
	renamed := make(chan error, 1)
	go func() { renamed <- c.Rename(t.Context(), "ally") }()
	for range 3 {
		if _, _, err := c.Who(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	post(t, c, "two", "three")
	s.mu.Lock()
	full = false
	s.mu.Unlock()
	flush(t, c)
	if err := <-renamed; err != nil {
		t.Error(err)
	}
	taken, links := s.log()
	changes := slices.DeleteFunc(taken, func(text string) bool { return text == "who" })
	slices.Sort(changes[1:]) // the name may have changed before or after two and three
	if want := []string{"one", "nick", "three", "two"}; !slices.Equal(changes, want) || links != 1 {
		t.Errorf("the server has taken %q over %d connections, want %q", changes, links, want)
	}
	if s.attempts["two"] != 1 || s.attempts["one"] < 2 {
		t.Errorf("the attempts are %v", s.attempts)
	}
	if got := troubles(c); len(got) != 0 {
		t.Errorf("after the first time it says %q", got)
	}
}

// TestPatience has a server refuse messages for longer than the client waits. They fail, and a later message has its
// own time.
func TestPatience(t *testing.T) {
	full := true
	s := startFull(t, func(s *fullServer, text string) bool {
		return full || text == "late" && s.attempts[text] < 3
	})
	const limit = 50 * time.Millisecond
	c := dial(t, s.address, client.Eager(time.Millisecond, client.Options{Patience: limit}))
	start := time.Now()
	failed := make(chan error, 3)
	for i := range cap(failed) {
		c.Post(t.Context(), fmt.Sprint("m", i), func(_ int64, err error) { failed <- err })
	}
	for range cap(failed) {
		var bad *client.Error
		if err := <-failed; !errors.As(err, &bad) || bad.Code != "unavailable" {
			t.Errorf("a message fails with %v", err)
		}
	}
	if took := time.Since(start); took < limit {
		t.Errorf("they fail after %v", took)
	}
	s.mu.Lock()
	full = false
	s.mu.Unlock()
	time.Sleep(limit) // the next message must not count as having waited for it
	say(t, c, "late")
	if taken, _ := s.log(); !slices.Equal(taken, []string{"late"}) {
		t.Errorf("the server has taken %q", taken)
	}
}
