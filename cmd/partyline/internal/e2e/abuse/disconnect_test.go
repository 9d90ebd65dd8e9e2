package abuse

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestDisconnectAfterBlankLines checks that the name of a member that sends 3,000 blank lines and
// disconnects is free at once. Blank lines that are read together count as one.
func TestDisconnectAfterBlankLines(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.Rate, c.Limits.Burst = 0.1, 40 })
	observer := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, observer.Out, harness.WelcomeLine)
	for transport, leave := range map[string]func(){
		"tcp": func() {
			c := harness.Dial(t, s.TCP)
			io.WriteString(c, "/nick bob\n")
			harness.ExpectLine(t, observer.Out, ".* is now known as bob")
			c.Write(bytes.Repeat([]byte{'\n'}, 3000))
			c.Close()
		},
		"ws": func() {
			c := harness.DialUpgrade(t, s.HTTP, "/ws?nick=ann", "partyline.text.v1")
			harness.ExpectLine(t, observer.Out, `\* ann has arrived`)
			c.Write(bytes.Repeat([]byte{0x81, 0x80, 0, 0, 0, 0}, 3000)) // empty messages, masked with zeros
			c.Write([]byte{0x88, 0x80, 0, 0, 0, 0})
			go io.Copy(io.Discard, c)
		},
	} {
		start := time.Now()
		leave()
		harness.ExpectLine(t, observer.Out, `\* (bob|ann) has left`)
		if d := time.Since(start); d > 10*time.Second { // the rate limit is one line in 10 s
			t.Errorf("%s: the name was in use for another %v", transport, d)
		}
	}
}

// TestDisconnectWhileSlowed checks that all messages of a member that exceeds its rate limit and resets its
// connection are delivered, and that its name is free after that.
func TestDisconnectWhileSlowed(t *testing.T) {
	harness.SkipIfShort(t)
	for _, transport := range []string{"tcp", "ws"} {
		t.Run(transport, func(t *testing.T) {
			s := harness.StartServer(t, func(c *app.Config) {
				c.Limits.Proxies = []string{"127.0.0.1"}
				c.Limits.Rate, c.Limits.Burst = 50, 10
			})
			observer := dialProxied(t, s, "tcp", bystander)
			observer.first(t)
			member := dialProxied(t, s, transport, attacker)
			member.first(t)
			member.say("/nick gone")
			harness.ExpectLine(t, observer.out, ".* is now known as gone")
			member.say(slices.Repeat([]string{"x"}, 150)...)
			harness.ExpectLine(t, member.out, "-- you are being slowed: .* --")
			member.end()
			for range 150 {
				harness.ExpectLine(t, observer.out, "gone: x")
			}
			harness.ExpectLine(t, observer.out, "\\* gone has left")
			observer.say("/nick gone")
			harness.ExpectLine(t, observer.out, "\\* .* is now known as gone")
		})
	}
}

// TestEndOfInputAfterBlankLines checks that a member that sends thousands of blank lines and ends its input
// leaves at once, although its rate limit is 10 lines and then one per minute.
func TestEndOfInputAfterBlankLines(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.Rate, c.Limits.Burst = 1./60, 10 })
	observer := harness.NewFeed[string]()
	go harness.ReadLines(harness.Dial(t, s.TCP), observer)
	harness.ExpectLine(t, observer, "\\* You are .*")
	c := harness.Dial(t, s.TCP)
	io.WriteString(c, "/nick ghost\n"+strings.Repeat("\n", 3000)+strings.Repeat("\r\n", 3000)+"bye\n")
	c.CloseWrite()
	harness.ExpectLine(t, observer, "\\* .* is now known as ghost")
	harness.ExpectLine(t, observer, "ghost: bye")
	harness.ExpectLine(t, observer, "\\* ghost has left")
}
