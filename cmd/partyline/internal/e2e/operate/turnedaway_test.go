package operate

import (
	"fmt"
	"net/http"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestTurnedAway turns clients away for each reason that is not that of a member. The figures count them.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	const most = 2
	addr := harness.FreeAddr(t)
	limits := []string{"--max-per-address", fmt.Sprint(most), "--proxy", "127.0.0.1"}
	shared := harness.StartPartyline(t, nil, append([]string{"--tcp", addr, "--http", addr, "--admin", "127.0.0.1:0"}, limits...)...)
	sharedAdmin := "http://" + harness.ExpectLine(t, shared.Err, adminListening)[0]
	apart, apartAdmin := startAdmin(t, append(limits, "--proxy-header", "PROXY", "--exempt", "127.0.0.1")...)

	count := func(admin, reason string, want float64) {
		t.Helper()
		var got float64
		if !harness.Eventually(func() bool {
			_, metrics := fetch(t, admin+"/metrics")
			got = figure(t, metrics, `clients_turned_away_total{reason="`+reason+`"}`)
			return got >= want
		}) || got != want {
			t.Errorf("%v clients are turned away because of %s, want %v", got, reason, want)
		}
	}
	// ask sends a request, and returns the client that reads the answer.
	ask := func(addr, before, host, headers string) *harness.TextClient {
		c := harness.DialText(t, addr)
		fmt.Fprintf(c.Conn, "%sGET /ws HTTP/1.1\r\nHost: %s\r\n%s\r\n", before, host, headers)
		return c
	}
	const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	const client = "PROXY TCP4 203.0.113.7 192.0.2.1 51234 80\r\n"

	refused := ask(addr, "", "localhost", upgrade+"Origin: http://evil.example\r\n")
	harness.ExpectLine(t, refused.Out, fmt.Sprintf("HTTP/1.1 %d .*", http.StatusForbidden))
	count(sharedAdmin, "origin", 1)

	for range 3 {
		refused = ask(addr, "", "evil.example", "")
		harness.ExpectLine(t, refused.Out, fmt.Sprintf("HTTP/1.1 %d .*", http.StatusMisdirectedRequest))
	}
	count(sharedAdmin, "host", 3)

	// At one address for both, connections that have not sent a whole line yet.
	for range most + 1 {
		fmt.Fprint(harness.DialText(t, addr).Conn, client+"GET /")
	}
	count(sharedAdmin, "connections", 1)

	// At an address of its own, connections that have sent a request, and are open.
	for i := range most + 1 {
		c := ask(apart.HTTP, client, "localhost", "")
		if i < most {
			harness.ExpectLine(t, c.Out, "HTTP/1.1 426 .*")
		}
	}
	count(apartAdmin, "connections", 1)
	for _, reason := range []string{"members", "per_address", "arrivals"} {
		count(sharedAdmin, reason, 0)
		count(apartAdmin, reason, 0)
	}
}
