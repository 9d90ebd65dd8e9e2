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

// flags returns flags for a program that uses servers.
func flags(servers *natstest.Servers, more ...string) []string {
	return append([]string{"--nats", strings.Join(servers.URLs(), ","), "--log-format", "text"}, more...)
}
