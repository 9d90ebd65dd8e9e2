package operate

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestHealthCommand asks servers that work, are not ready, and are not there.
func TestHealthCommand(t *testing.T) {
	harness.NeedLocal(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p, admin := startAdmin(t, "--data", dir)
	socket := harness.PublicFolder(t) + "/web.sock"
	harness.StartProgram(t, "--http", "unix:"+socket)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if !harness.Eventually(func() bool { status, _ := fetch(t, admin+"/readyz"); return status == 503 }) {
		t.Fatal("the server is still ready")
	}
	_, port, _ := net.SplitHostPort(p.HTTP)
	for _, c := range []struct {
		variables, args []string
		status          int
		out, err        string
	}{
		{nil, []string{p.HTTP}, 0, "ok", ""},
		{nil, []string{":" + port}, 0, "ok", ""},
		{nil, []string{"http://" + p.HTTP + "/healthz"}, 0, "ok", ""},
		{nil, []string{"unix:" + socket}, 0, "ok", ""},
		{[]string{"PARTYLINE_HTTP=0.0.0.0:" + port}, nil, 0, "ok", ""},
		{nil, []string{admin + "/readyz"}, 1, "", "partyline: http://.*/readyz answers 503 Service Unavailable: history can't be written since .*"},
		{nil, []string{harness.FreeAddr(t)}, 1, "", "partyline: .*connection refused"},
		{[]string{"PARTYLINE_HTTP="}, nil, 2, "", `partyline: "" is not the address of a server: .*`},
		{nil, []string{"a", "b"}, 2, "", "partyline: accepts at most 1 arg.*"},
		{nil, []string{"--timeout", "x"}, 2, "", "partyline: --timeout .*"},
	} {
		health := harness.StartPartyline(t, c.variables, append([]string{"health"}, c.args...)...)
		if got := health.ExitCode(t, harness.Patience); got != c.status {
			t.Errorf("%q: exit status %d, not %d: %s%s", c.args, got, c.status, health.Out, health.Err)
		}
		if c.out != "" {
			harness.ExpectLine(t, health.Out, c.out)
		}
		if c.err != "" {
			harness.ExpectLine(t, health.Err, c.err)
		}
	}
}
