package operate

import (
	"io"
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
