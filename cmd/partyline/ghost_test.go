package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

// TestPacedMemberThatIsGone has a member say far more than its allowance, so that it would be
// read for ten minutes, and break its connection. Its name is free for another then.
func TestPacedMemberThatIsGone(t *testing.T) {
	for _, door := range []string{"tcp", "ws"} {
		t.Run(door, func(t *testing.T) {
			s := startServer(t, func(c *config) {
				c.limits.proxies = []string{"127.0.0.1"}
				c.limits.rate, c.limits.burst = 5, 10
			})
			w := forward(t, s, "tcp", bystander)
			w.first(t)
			ghost := forward(t, s, door, attacker)
			ghost.first(t)
			ghost.say("/nick ghost")
			expectLine(t, w.out, ".* is now known as ghost")
			ghost.say(slices.Repeat([]string{"x"}, 3000)...)
			expectLine(t, ghost.out, "-- you are being slowed: .* --")
			ghost.end()
			expectLine(t, w.out, "\\* ghost has left")
			w.say("/nick ghost")
			expectLine(t, w.out, "\\* .* is now known as ghost")
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
