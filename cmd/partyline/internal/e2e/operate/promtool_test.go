package operate

import (
	"os/exec"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestPromtool has promtool check the figures of a server, and the rules that are shipped.
func TestPromtool(t *testing.T) {
	t.Parallel()
	promtool := harness.NeedProgram(t, "promtool")
	p, admin := startAdmin(t, "--data", t.TempDir())
	nc, nick := harness.Netcat(t, p.TCP)
	nc.Say(t, "hello")
	harness.ExpectLine(t, nc.Out, nick+": hello")
	_, metrics := fetch(t, admin+"/metrics")
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = strings.NewReader(metrics)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	for _, args := range [][]string{{"check", "config", "prometheus.yml"}, {"test", "rules", "partyline.test.yml"}} {
		run := exec.Command(promtool, args...)
		run.Dir = harness.RepoPath("deploy/prometheus")
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("promtool %q: %v\n%s", args, err, out)
		}
	}
}
