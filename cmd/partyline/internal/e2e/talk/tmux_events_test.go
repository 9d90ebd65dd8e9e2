//go:build unix

package talk

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// strings that end in a BEL, which does not ring.
var terminated = regexp.MustCompile(`\x1b\][^\x07]*\x07`)

// TestBell mentions the user. The terminal's bell rings if the user asked for it.
func TestBell(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for _, flag := range []string{"", "--bell"} {
		tt := openTalk(t, setup{}, s.TCP, flag, "--nick alice"+flag)
		written := filepath.Join(t.TempDir(), "written")
		tt.tmux("pipe-pane", "-O", "exec cat >"+written)
		bob := enterAs(t, s.TCP, "bob"+flag)
		bob.Say(t, "nobody is mentioned")
		tt.expect(`nobody is mentioned$`)
		rings := func() int {
			output, err := os.ReadFile(written)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Count(terminated.ReplaceAllString(string(output), ""), "\a")
		}
		if n := rings(); n != 0 {
			t.Errorf("%s: the bell rang %d times before the mention", flag, n)
		}
		bob.Say(t, "hello alice"+flag)
		tt.expect(`hello alice` + flag + `$`)
		if flag != "" && !harness.Eventually(func() bool { return rings() == 1 }) {
			t.Errorf("the bell rang %d times, want 1", rings())
		}
		bob.Say(t, "that was all")
		tt.expect(`that was all$`)
		if n := rings(); flag == "" && n != 0 {
			t.Errorf("the bell rang %d times without --bell", n)
		}
	}
}

// openStoppable runs talk in a shell that does not notice that talk is stopped.
func openStoppable(t *testing.T, addr string) *terminal {
	t.Helper()
	tt := openTerminal(t, setup{env: []string{"SERVER=" + addr}})
	tt.enter("set +m")
	tt.runTalk()
	return tt
}

// TestSleep stops talk, as a machine does that sleeps, while the server is started again. talk catches up.
func TestSleep(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	addr, data := harness.FreeAddr(t), t.TempDir()
	server := startAt(t, addr, "--data", data)
	tt := openStoppable(t, addr)
	tt.enter("good night")
	tt.expect(`alice +good night$`)
	if err := syscall.Kill(tt.pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	startAt(t, addr, "--data", data)
	bob := enterAs(t, addr, "bob")
	bob.Say(t, "said at night")
	harness.ExpectLine(t, bob.Out, "bob: said at night")
	if err := syscall.Kill(tt.pid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	tt.expect(`bob .*said at night$`)
	tt.enter("good morning")
	harness.ExpectLine(t, bob.Out, "alice: good morning")
}

// TestNameTaken starts the server again, and another member takes the name. talk says so, and takes the name back
// when it is free.
func TestNameTaken(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	addr := harness.FreeAddr(t)
	server := startAt(t, addr)
	tt := openStoppable(t, addr)
	if err := syscall.Kill(tt.pid(), syscall.SIGSTOP); err != nil { // so that another one is faster
		t.Fatal(err)
	}
	server.Kill(t)
	startAt(t, addr)
	thief := enterAs(t, addr, "alice")
	if err := syscall.Kill(tt.pid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	tt.expect(`connected again as guest-`)
	tt.enter("it is me")
	harness.ExpectLine(t, thief.Out, `guest-\w+: it is me`)
	thief.Say(t, "/quit")
	tt.expect(`now known as alice|You are alice now|now alice`)
}

// TestTerminalClosed closes the terminal. talk ends.
func TestTerminalClosed(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := enterAs(t, s.TCP, "bob")
	tt := openTalk(t, setup{}, s.TCP)
	pid := tt.pid()
	tt.tmux("split-window", "-d", "sh") // or tmux would end
	tt.tmux("kill-pane")
	if !harness.Eventually(func() bool { return ended(strconv.Itoa(pid)) }) {
		t.Error("talk is still running")
	}
	harness.ExpectLine(t, bob.Out, `\* alice has left`)
}
