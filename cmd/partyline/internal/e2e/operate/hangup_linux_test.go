package operate

import (
	"fmt"
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

// TestHangup ends the program by SIGHUP. A closed terminal sends more than one, so a second
// one does not end it at once, and neither does the first SIGTERM after it.
func TestHangup(t *testing.T) {
	catchHangup(t)
	p := harness.StartProgram(t)
	c := harness.DialText(t, p.TCP)
	harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	p.Signal(t, syscall.SIGHUP)
	p.Cmd.Process.Signal(syscall.SIGHUP) // it may have ended by now
	p.Cmd.Process.Signal(syscall.SIGTERM)
	if code := p.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d; the log is %s", code, p.Err)
	}
	harness.ExpectLast(t, c.Out, harness.GoodbyeLine)
}

// TestNohup starts the program with nohup. The program ignores SIGHUP, and exits after SIGTERM.
func TestNohup(t *testing.T) {
	cmd := harness.Command(t, nil, "--tcp", "127.0.0.1:0", "--http", "")
	nohup := exec.Command(harness.NeedProgram(t, "nohup"), cmd.Args...)
	nohup.Args[1], nohup.Env = cmd.Path, cmd.Env
	p := harness.StartCommand(t, nohup)
	addr := harness.ExpectLine(t, p.Err, harness.TCPListening)[0]
	c := harness.DialText(t, addr)
	harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	p.Signal(t, syscall.SIGHUP)
	for i := range 3 {
		harness.ExpectLine(t, harness.DialText(t, addr).Out, harness.WelcomeLine)
		c.Say(t, fmt.Sprint("still here ", i))
		harness.ExpectLine(t, c.Out, fmt.Sprint(`\S+: still here `, i))
	}
	p.Signal(t, syscall.SIGTERM)
	if code := p.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	harness.ExpectLast(t, c.Out, harness.GoodbyeLine)
}

// newCertificate writes a new certificate, and returns the names of its files.
func newCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	cert, key := certstest.NewAuthority(t).IssueNow(t, "localhost")
	return certstest.Write(t, t.TempDir(), cert, key)
}

// TestHangupReloads sends SIGHUP to a program with a certificate, with a terminal, without one, and
// with nohup. It loads the certificate again, and ends at SIGTERM.
func TestHangupReloads(t *testing.T) {
	catchHangup(t)
	certFile, keyFile := newCertificate(t)
	addr := harness.FreeAddr(t)
	args := []string{"--tcp", addr, "--http", "", "--tls-cert", certFile, "--tls-key", keyFile}
	reload := func(p *harness.Process, log *harness.Feed[string]) {
		for range 3 {
			p.Signal(t, syscall.SIGHUP)
			harness.ExpectLine(t, log, `.*msg="certificate loaded" .* changed=false\s*`)
		}
		c := harness.DialText(t, addr)
		harness.ExpectLine(t, c.Out, harness.WelcomeLine)
		p.Signal(t, syscall.SIGTERM)
		if code := p.ExitCode(t, harness.Patience); code != 0 {
			t.Errorf("exit code %d", code)
		}
		harness.ExpectLast(t, c.Out, harness.GoodbyeLine)
	}
	p := harness.StartPartyline(t, nil, args...)
	harness.ExpectLine(t, p.Err, harness.TCPListening)
	reload(p, p.Err)

	p = harness.StartOnTerminal(t, harness.Command(t, nil, append(args, "--log-format", "text")...))
	harness.ExpectLine(t, p.Out, harness.TCPListening)
	reload(p, p.Out)

	cmd := harness.Command(t, nil, args...)
	nohup := exec.Command(harness.NeedProgram(t, "nohup"), cmd.Args...)
	nohup.Args[1], nohup.Env = cmd.Path, cmd.Env
	p = harness.StartCommand(t, nohup)
	harness.ExpectLine(t, p.Err, harness.TCPListening)
	reload(p, p.Err)
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
