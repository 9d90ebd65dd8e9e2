package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBlankLinesKeepNoName sends 3,000 blank lines and ends: the name is free at once,
// though many lines would have been read over minutes.
func TestBlankLinesKeepNoName(t *testing.T) {
	s := startServer(t, func(c *config) { c.limits.rate, c.limits.burst = 0.1, 40 })
	w := call(t, s.tcp)
	expectLine(t, w.out, welcomed)
	for door, leave := range map[string]func(){
		"tcp": func() {
			c := dial(t, s.tcp)
			io.WriteString(c, "/nick bob\n")
			expectLine(t, w.out, ".* is now known as bob")
			c.Write(bytes.Repeat([]byte{'\n'}, 3000))
			c.Close()
		},
		"ws": func() {
			c := upgrade(t, s.http, "/ws?nick=ann", "partyline.text.v1")
			expectLine(t, w.out, `\* ann has arrived`)
			c.Write(bytes.Repeat([]byte{0x81, 0x80, 0, 0, 0, 0}, 3000)) // empty messages, masked with zeros
			c.Write([]byte{0x88, 0x80, 0, 0, 0, 0})
			go io.Copy(io.Discard, c)
		},
	} {
		began := time.Now()
		leave()
		expectLine(t, w.out, `\* (bob|ann) has left`)
		if d := time.Since(began); d > 10*time.Second { // a line takes 10 s
			t.Errorf("%s: the name was kept for %v", door, d)
		}
	}
}

// TestPacedMemberThatIsGone has a member say more than its allowance and break its connection.
// All of it is heard, at its pace; then its name is free for another.
func TestPacedMemberThatIsGone(t *testing.T) {
	for _, door := range []string{"tcp", "ws"} {
		t.Run(door, func(t *testing.T) {
			s := startServer(t, func(c *config) {
				c.limits.proxies = []string{"127.0.0.1"}
				c.limits.rate, c.limits.burst = 50, 10
			})
			w := forward(t, s, "tcp", bystander)
			w.first(t)
			gone := forward(t, s, door, attacker)
			gone.first(t)
			gone.say("/nick gone")
			expectLine(t, w.out, ".* is now known as gone")
			gone.say(slices.Repeat([]string{"x"}, 150)...)
			expectLine(t, gone.out, "-- you are being slowed: .* --")
			gone.end()
			for range 150 {
				expectLine(t, w.out, "gone: x")
			}
			expectLine(t, w.out, "\\* gone has left")
			w.say("/nick gone")
			expectLine(t, w.out, "\\* .* is now known as gone")
		})
	}
}

// TestBlankLinesCostLittle has a member send thousands of blank lines and leave. It is gone
// at once, although its allowance is 10 lines and then one in a minute.
func TestBlankLinesCostLittle(t *testing.T) {
	s := startServer(t, func(c *config) { c.limits.rate, c.limits.burst = 1./60, 10 })
	w := newFeed[string]()
	go readLines(dial(t, s.tcp), w)
	expectLine(t, w, "\\* You are .*")
	c := dial(t, s.tcp)
	io.WriteString(c, "/nick ghost\n"+strings.Repeat("\n", 3000)+strings.Repeat("\r\n", 3000)+"bye\n")
	c.CloseWrite()
	expectLine(t, w, "\\* .* is now known as ghost")
	expectLine(t, w, "ghost: bye")
	expectLine(t, w, "\\* ghost has left")
}
