package listening

import (
	"os"
	"regexp"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestActivation passes a TCP socket and a unix socket to the program. A client that connected
// before the program started is served too. The sockets are open after the program has ended, and
// serve the next one.
func TestActivation(t *testing.T) {
	t.Parallel()
	path := harness.PublicFolder(t) + "/web.sock"
	tcp, addr := harness.SocketFile(t, "tcp", "127.0.0.1:0")
	web, _ := harness.SocketFile(t, "unix", path)
	for range 2 {
		early := harness.DialText(t, addr.String())
		cmd := harness.Activated(t, "web:chat", []*os.File{web, tcp}, "--tcp", "fd:chat", "--http", "fd:web")
		p := &harness.Program{Process: harness.StartCommand(t, cmd)}
		if got := harness.ExpectLine(t, p.Err, harness.TCPListening)[0]; got != addr.String() {
			t.Errorf("the log has %s", got)
		}
		if got := harness.ExpectLine(t, p.Err, harness.HTTPListening)[0]; got != "unix:"+path {
			t.Errorf("the log has %s", got)
		}
		harness.ExpectLine(t, early.Out, harness.WelcomeLine)
		bot := harness.DialBotWith(t, onUnix(path), "ws://chat.example/ws?nick=webby")
		bot.ExpectType(t, "welcome")
		early.Say(t, "I was first")
		bot.Expect(t, "the message", func(e harness.Event) bool { return e.Text == "I was first" })
		p.Stop(t)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error("the program has removed the socket of the service manager")
	}
}

// TestActivationErrors passes sockets that the flags do not name.
func TestActivationErrors(t *testing.T) {
	t.Parallel()
	first, _ := harness.SocketFile(t, "tcp", "127.0.0.1:0")
	second, _ := harness.SocketFile(t, "tcp", "127.0.0.1:0")
	for want, args := range map[string][]string{
		`--tcp fd:chta: no inherited socket has this name, but there are: fd:chat, fd:web`:       {"--tcp", "fd:chta", "--http", "fd:web"},
		`--http-redirect fd:chat: another listener uses this inherited socket`:                   {"--tcp", "fd:chat", "--http", "fd:web", "--http-redirect", "fd:chat", "--acme-domain", "chat.example", "--acme-dir", t.TempDir()},
		`the service manager passes the socket fd:web, but no flag has the address fd:web`:       {"--tcp", "fd:chat", "--http", "127.0.0.1:0"},
		`the service manager passes the socket fd:chat, but no flag has the address fd:chat`:     {"--tcp", "127.0.0.1:0", "--http", ""},
		`PARTYLINE_HTTP fd:x: no inherited socket has this name, but there are: fd:web, fd:chat`: {"--tcp", "fd:chat"},
	} {
		cmd := harness.Activated(t, "chat:web", []*os.File{first, second}, args...)
		cmd.Env = append(cmd.Env, "PARTYLINE_HTTP=fd:x")
		p := harness.StartCommand(t, cmd)
		if code := p.ExitCode(t, harness.Patience); code != 1 {
			t.Errorf("%q: exit code %d", args, code)
		}
		harness.ExpectLine(t, p.Err, "partyline: "+regexp.QuoteMeta(want))
	}
}

// TestSystemdSocketActivate starts the program with systemd-socket-activate, when the first client
// connects.
func TestSystemdSocketActivate(t *testing.T) {
	t.Parallel()
	activate := harness.NeedProgram(t, "systemd-socket-activate")
	chat, web := harness.FreeAddr(t), harness.PublicFolder(t)+"/web.sock"
	program := harness.Command(t, nil, "--tcp", "fd:chat", "--http", "fd:web")
	args := []string{"--listen", chat, "--listen", web, "--fdname", "chat:web"}
	for _, v := range program.Env {
		args = append(args, "--setenv", v)
	}
	p := harness.Start(t, activate, append(append(args, program.Path), program.Args[1:]...)...)
	if !harness.Eventually(func() bool {
		_, err := os.Lstat(web)
		return err == nil
	}) {
		t.Fatalf("systemd-socket-activate does not listen: %s", p.Err)
	}
	c := harness.DialText(t, chat)
	harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	harness.ExpectLine(t, p.Err, ".*listening http=unix:"+web+" .*")
	bot := harness.DialBotWith(t, onUnix(web), "ws://chat.example/ws?nick=webby")
	bot.ExpectType(t, "welcome")
	bot.Say(t, "k", "hello")
	harness.ExpectLine(t, c.Out, "webby: hello")
}
