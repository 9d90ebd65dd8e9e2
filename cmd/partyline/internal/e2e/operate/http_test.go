package operate

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestUnreadResponses sends many requests and reads no response. The server closes the connection.
func TestUnreadResponses(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.WriteTimeout = 50 * time.Millisecond })
	c := harness.Dial(t, s.HTTP)
	c.SetReadBuffer(4096)
	c.SetDeadline(time.Now().Add(harness.Patience))
	const requests = 1000
	go io.WriteString(c, strings.Repeat("GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n", requests))
	if !harness.Eventually(func() bool { return !serves(harness.ServerGoroutines()) }) {
		t.Error("the server is still answering")
	}
	got, _ := io.ReadAll(c)
	if n := strings.Count(string(got), "HTTP/1.1 200"); n >= requests {
		t.Errorf("all %d requests were answered", n)
	}
}

// serves reports whether one of the goroutines serves an HTTP connection.
func serves(goroutines []string) bool {
	return slices.ContainsFunc(goroutines, func(stack string) bool { return strings.Contains(stack, "net/http.(*conn).serve") })
}

// TestHeaderLimits sends headers of the maximum size and of one byte more, and headers that arrive
// before and after the timeout.
func TestHeaderLimits(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.HeaderTimeout = time.Second })
	request := func(size int) int {
		c := harness.Dial(t, s.HTTP)
		c.SetDeadline(time.Now().Add(harness.Patience))
		head := "GET /healthz HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n"
		fmt.Fprint(c, strings.Replace(head, "X: ", "X: "+strings.Repeat("x", size-len(head)), 1))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		return res.StatusCode
	}
	limit := app.DefaultConfig().Limits.MaxHeader
	for size, want := range map[int]int{100: 200, limit: 200, limit + 1: 431, 2 * limit: 431} {
		if got := request(size); got != want {
			t.Errorf("%d bytes of header: got status %d, want %d", size, got, want)
		}
	}
	for delay, want := range map[time.Duration]bool{100 * time.Millisecond: true, 3 * time.Second: false} {
		c := harness.Dial(t, s.HTTP)
		c.SetDeadline(time.Now().Add(harness.Patience))
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\n")
		time.Sleep(delay) // the delay under test
		fmt.Fprint(c, "Host: x\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if ok := err == nil && res.StatusCode == 200; ok != want {
			t.Errorf("a header that took %v: %v, %v", delay, res, err)
		}
	}
}
