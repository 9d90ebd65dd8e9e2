package operate

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/certs/certstest"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// catchHangup keeps the programs that the test starts from inheriting an ignored SIGHUP: a
// signal that is caught has its default action after exec.
func catchHangup(t *testing.T) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
}

// newCertificate writes a new certificate, and returns the names of its files.
func newCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	cert, key := certstest.NewAuthority(t).IssueNow(t, "localhost")
	return certstest.Write(t, t.TempDir(), cert, key)
}

// TestHangupReloads sends SIGHUP to a program with and without a certificate, with a terminal, without
// one, and with nohup. It loads its settings and the certificate again, and ends at SIGTERM.
func TestHangupReloads(t *testing.T) {
	catchHangup(t)
	certFile, keyFile := newCertificate(t)
	for name, more := range map[string][]string{"without TLS": nil, "with TLS": {"--tls-cert", certFile, "--tls-key", keyFile}} {
		t.Run(name, func(t *testing.T) {
			addr := harness.FreeAddr(t)
			args := append([]string{"--tcp", addr, "--http", ""}, more...)
			reload := func(p *harness.Process, log *harness.Feed[string]) {
				harness.ExpectLine(t, log, harness.TCPListening)
				c := harness.DialText(t, addr)
				harness.ExpectLine(t, c.Out, harness.WelcomeLine)
				for range 3 {
					p.Signal(t, syscall.SIGHUP)
					harness.ExpectLine(t, log, `.*msg="reloaded, nothing changed"\s*`)
					if more != nil {
						harness.ExpectLine(t, log, `.*msg="certificate loaded" .* changed=false\s*`)
					}
				}
				p.Signal(t, syscall.SIGTERM)
				if code := p.ExitCode(t, harness.Patience); code != 0 {
					t.Errorf("exit code %d", code)
				}
				harness.ExpectLast(t, c.Out, harness.GoodbyeLine)
			}
			p := harness.StartPartyline(t, nil, args...)
			reload(p, p.Err)

			p = harness.StartOnTerminal(t, harness.Command(t, nil, append(args, "--log-format", "text")...))
			reload(p, p.Out)

			cmd := harness.Command(t, nil, args...)
			nohup := exec.Command(harness.NeedProgram(t, "nohup"), cmd.Args...)
			nohup.Args[1], nohup.Env = cmd.Path, cmd.Env
			p = harness.StartCommand(t, nohup)
			reload(p, p.Err)
		})
	}
}

// TestTerminalCloses runs the program on a terminal, with a shell and without one, and closes the
// terminal. The program's log is on the terminal too, and can no longer be written.
func TestTerminalCloses(t *testing.T) {
	catchHangup(t)
	certFile, keyFile := newCertificate(t)
	for name, c := range map[string]struct{ shell, args []string }{
		"alone":               {nil, nil},
		"a shell":             {[]string{"sh", "-c", `"$@"; true`, "sh"}, nil},
		"an interactive bash": {[]string{"bash", "--norc", "-i", "-c", `set -m; "$@"; true`, "bash"}, nil},
		"in the background":   {[]string{"bash", "--norc", "-i", "-c", `set -m; "$@" </dev/null & wait`, "bash"}, nil},
		"alone, with TLS":     {nil, []string{"--tls-cert", certFile, "--tls-key", keyFile}},
		"a shell, with TLS":   {[]string{"sh", "-c", `"$@"; true`, "sh"}, []string{"--tls-cert", certFile, "--tls-key", keyFile}},
	} {
		t.Run(name, func(t *testing.T) {
			shell, addr := c.shell, harness.FreeAddr(t)
			cmd := harness.Command(t, nil, append([]string{"--tcp", addr, "--http", ""}, c.args...)...)
			if shell != nil {
				program := cmd.Path
				env := cmd.Env
				cmd = exec.Command(harness.NeedProgram(t, shell[0]), append(append(shell[1:], program), cmd.Args[1:]...)...)
				cmd.Env = env
			}
			p := harness.StartOnTerminal(t, cmd)
			if !harness.Eventually(func() bool { return harness.Accepts(addr) }) {
				t.Fatalf("the program does not listen; it printed\n%s", p.Out)
			}
			c := harness.DialText(t, addr)
			harness.ExpectLine(t, c.Out, harness.WelcomeLine)
			p.Stdin.Close()
			harness.ExpectLast(t, c.Out, harness.GoodbyeLine)
		})
	}
}
