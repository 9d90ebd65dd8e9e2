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

// TestBlankLinesKeepNoName sends 3,000 blank lines and ends: the name is free at once,
// though many lines would have been read over minutes.
func TestBlankLinesKeepNoName(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.Rate, c.Limits.Burst = 0.1, 40 })
	w := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, w.Out, harness.WelcomeLine)
	for door, leave := range map[string]func(){
		"tcp": func() {
			c := harness.Dial(t, s.TCP)
			io.WriteString(c, "/nick bob\n")
			harness.ExpectLine(t, w.Out, ".* is now known as bob")
			c.Write(bytes.Repeat([]byte{'\n'}, 3000))
			c.Close()
		},
		"ws": func() {
			c := harness.Upgrade(t, s.HTTP, "/ws?nick=ann", "partyline.text.v1")
			harness.ExpectLine(t, w.Out, `\* ann has arrived`)
			c.Write(bytes.Repeat([]byte{0x81, 0x80, 0, 0, 0, 0}, 3000)) // empty messages, masked with zeros
			c.Write([]byte{0x88, 0x80, 0, 0, 0, 0})
			go io.Copy(io.Discard, c)
		},
	} {
		began := time.Now()
		leave()
		harness.ExpectLine(t, w.Out, `\* (bob|ann) has left`)
		if d := time.Since(began); d > 10*time.Second { // a line takes 10 s
			t.Errorf("%s: the name was kept for %v", door, d)
		}
	}
}

// TestPacedMemberThatIsGone has a member say more than its allowance and break its connection.
// All of it is heard, at its pace; then its name is free for another.
func TestPacedMemberThatIsGone(t *testing.T) {
	harness.Long(t)
	for _, door := range []string{"tcp", "ws"} {
		t.Run(door, func(t *testing.T) {
			s := harness.StartServer(t, func(c *app.Config) {
				c.Limits.Proxies = []string{"127.0.0.1"}
				c.Limits.Rate, c.Limits.Burst = 50, 10
			})
			w := forward(t, s, "tcp", bystander)
			w.first(t)
			gone := forward(t, s, door, attacker)
			gone.first(t)
			gone.say("/nick gone")
			harness.ExpectLine(t, w.out, ".* is now known as gone")
			gone.say(slices.Repeat([]string{"x"}, 150)...)
			harness.ExpectLine(t, gone.out, "-- you are being slowed: .* --")
			gone.end()
			for range 150 {
				harness.ExpectLine(t, w.out, "gone: x")
			}
			harness.ExpectLine(t, w.out, "\\* gone has left")
			w.say("/nick gone")
			harness.ExpectLine(t, w.out, "\\* .* is now known as gone")
		})
	}
}

// TestBlankLinesCostLittle has a member send thousands of blank lines and leave. It is gone
// at once, although its allowance is 10 lines and then one in a minute.
func TestBlankLinesCostLittle(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.Rate, c.Limits.Burst = 1./60, 10 })
	w := harness.NewFeed[string]()
	go harness.ReadLines(harness.Dial(t, s.TCP), w)
	harness.ExpectLine(t, w, "\\* You are .*")
	c := harness.Dial(t, s.TCP)
	io.WriteString(c, "/nick ghost\n"+strings.Repeat("\n", 3000)+strings.Repeat("\r\n", 3000)+"bye\n")
	c.CloseWrite()
	harness.ExpectLine(t, w, "\\* .* is now known as ghost")
	harness.ExpectLine(t, w, "ghost: bye")
	harness.ExpectLine(t, w, "\\* ghost has left")
}
