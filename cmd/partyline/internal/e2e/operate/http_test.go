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

// TestPageNobodyReads asks for much and reads nothing: the connection is given up.
func TestPageNobodyReads(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.WriteTimeout = 50 * time.Millisecond })
	c := harness.Dial(t, s.HTTP)
	c.SetReadBuffer(4096)
	c.SetDeadline(time.Now().Add(harness.Patience))
	const asked = 1000
	go io.WriteString(c, strings.Repeat("GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n", asked))
	if !harness.Eventually(func() bool { return !serves(harness.ServerGoroutines()) }) {
		t.Error("it is still being answered")
	}
	got, _ := io.ReadAll(c)
	if n := strings.Count(string(got), "HTTP/1.1 200"); n >= asked {
		t.Errorf("%d answers were kept for it", n)
	}
}

// serves reports whether a request is being answered among goroutines.
func serves(goroutines []string) bool {
	return slices.ContainsFunc(goroutines, func(stack string) bool { return strings.Contains(stack, "net/http.(*conn).serve") })
}
