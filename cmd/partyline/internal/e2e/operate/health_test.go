package operate

import (
	"bufio"
	"fmt"
	"net/http"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestHealthChecks sends the default health checks of load balancers, and HTTP/1.1 requests with
// host names that the server accepts or refuses.
func TestHealthChecks(t *testing.T) {
	s := harness.StartServer(t, nil)
	for check, want := range map[string]int{
		"OPTIONS / HTTP/1.0\r\n\r\n": 204, // HAProxy
		"GET / HTTP/1.0\r\n\r\n":     200,
		"HEAD / HTTP/1.0\r\n\r\n":    200,
		"GET /healthz HTTP/1.1\r\nHost: 10.0.0.7\r\nUser-Agent: ELB-HealthChecker\r\n\r\n": 200,
		"OPTIONS /healthz HTTP/1.1\r\nHost: partyline.internal\r\n\r\n":                    204,
		"OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n":                                    204,
		"OPTIONS / HTTP/1.1\r\nHost: evil.example\r\n\r\n":                                 421,
		"OPTIONS * HTTP/1.0\r\n\r\n":                                                       200,
		"POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n":                                     405,
	} {
		c := harness.Dial(t, s.HTTP)
		c.SetDeadline(time.Now().Add(harness.Patience))
		fmt.Fprint(c, check)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%q: %v", check, err)
		}
		if res.StatusCode != want {
			t.Errorf("%q: got status %s, want %d", check, res.Status, want)
		}
	}
}
