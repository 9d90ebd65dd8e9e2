// Package cluster tests several programs that share a history in NATS.
package cluster

import (
	"os"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/natstest"
)

func TestMain(m *testing.M) { harness.Main(m) }

// needCluster skips a test that needs a quiet machine, unless make cluster runs it.
func needCluster(t *testing.T) {
	t.Helper()
	if os.Getenv("CLUSTER") == "" {
		t.Skip("CLUSTER is not set: run make cluster")
	}
}

// startProgram starts a program that uses servers, and waits until it admits clients.
func startProgram(t *testing.T, servers *natstest.Servers, more ...string) *harness.Program {
	t.Helper()
	p := harness.StartProgram(t, flags(servers, more...)...)
	awaitReady(t, p)
	return p
}

// awaitReady waits until a program admits clients: it turns them away until NATS has its streams.
func awaitReady(t *testing.T, p *harness.Program) {
	t.Helper()
	if !harness.Eventually(func() bool {
		conn, _, err := harness.DialWebSocket(t, "ws://"+p.HTTP+"/ws", nil)
		if err != nil {
			return false
		}
		conn.CloseNow()
		return true
	}) {
		t.Fatalf("the program does not admit clients:\n%s", p.Err)
	}
}

// flags returns flags for a program that uses servers.
func flags(servers *natstest.Servers, more ...string) []string {
	return append([]string{"--nats", strings.Join(servers.URLs(), ","), "--log-format", "text"}, more...)
}
