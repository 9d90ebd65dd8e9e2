package operate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestConfigFile starts the program with the file that it prints, checks files, and starts it with a
// wrong one.
func TestConfigFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "partyline.toml")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want int, variables []string, args ...string) *harness.Process {
		t.Helper()
		p := harness.StartPartyline(t, variables, args...)
		if code := p.ExitCode(t, harness.Patience); code != want {
			t.Errorf("%q: exit code %d: %s", args, code, p.Err)
		}
		return p
	}
	printed := run(0, []string{"PARTYLINE_MAX_LINE=100"}, "config", "--tcp", "127.0.0.1:0", "--http", "")
	lines, _ := printed.Out.Rest(t)
	write(strings.Join(lines, "\n"))
	harness.ExpectLine(t, run(0, nil, "config", "check", file).Out, ".*partyline.toml is valid")

	p := &harness.Program{Process: harness.StartPartyline(t, []string{"PARTYLINE_REPLAY=0"}, "--config", file, "--drain", "1s")}
	p.TCP = harness.ExpectLine(t, p.Err, harness.TCPListening)[0]
	nc, _ := harness.Netcat(t, p.TCP)
	nc.Say(t, strings.Repeat("x", 101))
	harness.ExpectLine(t, nc.Out, "! line too long: at most 100 bytes")
	p.Stop(t)

	write("tcp = \"127.0.0.1:0\"\nmax-lines = 3\n")
	const wrong = `partyline: .*partyline.toml:2: there is no setting max-lines: did you mean max-line\?`
	for _, args := range [][]string{{"--config", file}, {"config", "check", file}, {"config", "--config", file}} {
		harness.ExpectLine(t, run(1, nil, args...).Err, wrong)
	}
	harness.ExpectLine(t, run(1, []string{"PARTYLINE_CONFIG=" + file}).Err, wrong)
	write("tcp = \"" + harness.OccupiedAddr(t) + "\"\n")
	harness.ExpectLine(t, run(1, nil, "--config", file).Err, `partyline: .*partyline.toml:1: tcp 127.0.0.1:\d+ is taken by another program: .*`)
	harness.ExpectLine(t, run(1, nil, "--config", file+".none").Err, `partyline: .*no such file or directory`)
}
