package main

import (
	"bytes"
	"io"
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
